-- device() over user agents that browsers, apps and bots send; what is expected is written by hand from the rules of the reference.
SET timezone = 'UTC';
CREATE SCHEMA device_test;
SET search_path = device_test;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset null (null)

-- The examples of the reference.
SELECT d.* FROM sessionize.device('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1') AS d;
SELECT d.* FROM sessionize.device('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0',
    '{"brands": [{"brand": "Chromium", "version": "126"}, {"brand": "Microsoft Edge", "version": "126"}], "mobile": false, "platform": "Windows", "platformVersion": "15.0.0"}') AS d;

CREATE TABLE agents (n int GENERATED ALWAYS AS IDENTITY, agent text, class text, os text, os_version text, browser text, browser_version text, is_bot boolean);
INSERT INTO agents (agent, class, os, os_version, browser, browser_version, is_bot) VALUES
-- desktops
('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36', 'desktop', 'Linux', NULL, 'Chrome', '156.0', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36', 'desktop', 'Windows', '10', 'Chrome', '120.0', false),
('Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36', 'desktop', 'Windows', '7', 'Chrome', '49.0', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91', 'desktop', 'Windows', '10', 'Edge', '120.0', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.102 Safari/537.36 Edge/18.19041', 'desktop', 'Windows', '10', 'Edge', '18.19041', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36 OPR/105.0.0.0', 'desktop', 'Windows', '10', 'Opera', '105.0', false),
('Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18', 'desktop', 'Windows', '7', 'Opera', '12.18', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0', 'desktop', 'Windows', '10', 'Firefox', '121.0', false),
('Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko', 'desktop', 'Windows', '10', 'Internet Explorer', '11.0', false),
('Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0)', 'desktop', 'Windows', '8', 'Internet Explorer', '10.0', false),
('Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0; .NET CLR 3.5.30729)', 'desktop', 'Windows', '7', 'Internet Explorer', '8.0', false),
('Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)', 'desktop', 'Windows', 'XP', 'Internet Explorer', '6.0', false),
('Mozilla/5.0 (Windows NT 6.3; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 YaBrowser/23.1.5.708 Yowser/2.5 Safari/537.36', 'desktop', 'Windows', '8.1', 'Yandex Browser', '23.1', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Vivaldi/6.5.3206.39', 'desktop', 'Windows', '10', 'Vivaldi', '6.5', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.35.126 Chrome/118.0.5993.144 Electron/27.1.0 Safari/537.36', 'desktop', 'Windows', '10', 'Electron', '27.1', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15', 'desktop', 'macOS', '10.15', 'Safari', '17.2', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36', 'desktop', 'macOS', '10.15', 'Chrome', '120.0', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:121.0) Gecko/20100101 Firefox/121.0', 'desktop', 'macOS', '10.15', 'Firefox', '121.0', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Ddg/17.0', 'desktop', 'macOS', '10.15', 'DuckDuckGo', '17.0', false),
('Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36', 'desktop', 'ChromeOS', NULL, 'Chrome', '119.0', false),
('Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0', 'desktop', 'Linux', NULL, 'Firefox', '115.0', false),
('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36', 'desktop', 'Linux', NULL, 'Chromium', '80.0', false),
('Mozilla/5.0 (X11; FreeBSD amd64; rv:120.0) Gecko/20100101 Firefox/120.0', 'desktop', 'FreeBSD', NULL, 'Firefox', '120.0', false),
('Mozilla/5.0 (Windows NT 10.0; WOW64; rv:52.0) Gecko/20100101 Firefox/52.0 SeaMonkey/2.49.4', 'desktop', 'Windows', '10', 'SeaMonkey', '2.49', false),
-- phones
('Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1', 'mobile', 'iOS', '17.2', 'Safari', '17.2', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/114.0.5735.99 Mobile/15E148 Safari/604.1', 'mobile', 'iOS', '16.5', 'Chrome', '114.0', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/116.0 Mobile/15E148 Safari/605.1.15', 'mobile', 'iOS', '16.6', 'Firefox', '116.0', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 EdgiOS/115.0.1901.187 Mobile/15E148 Safari/604.1', 'mobile', 'iOS', '16.6', 'Edge', '115.0', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/292.0.593041212 Mobile/15E148 Safari/604.1', 'mobile', 'iOS', '17.1', 'Google app', '292.0', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21B101 [FBAN/FBIOS;FBAV/443.0.0.23.229;FBBV/541890128;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.1.2;FBSS/3;FBLC/en_US;FBOP/5]', 'mobile', 'iOS', '17.1', 'Facebook app', '443.0', false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 16_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 278.0.0.19.112 (iPhone14,5; iOS 16_3_1; en_US)', 'mobile', 'iOS', '16.3', 'Instagram app', '278.0', false),
('Mozilla/5.0 (iPod touch; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.0 Mobile/15E148 Safari/604.1', 'mobile', 'iOS', '12.0', 'Safari', '12.0', false),
('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36', 'mobile', 'Android', '10', 'Chrome', '120.0', false),
('Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36', 'mobile', 'Android', '13', 'Samsung Internet', '23.0', false),
('Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0', 'mobile', 'Android', '13', 'Firefox', '121.0', false),
('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36 EdgA/120.0.0.0', 'mobile', 'Android', '10', 'Edge', '120.0', false),
('Mozilla/5.0 (Linux; Android 13; motorola edge 30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile Safari/537.36', 'mobile', 'Android', '13', 'Chrome', '118.0', false),
('Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36', 'mobile', 'Android', '9', 'Chrome', '80.0', false),
('Mozilla/5.0 (Linux; Android 12; Pixel 6 Build/SD1A.210817.023; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/94.0.4606.71 Mobile Safari/537.36', 'mobile', 'Android', '12', 'WebView', '94.0', false),
('Mozilla/5.0 (Linux; U; Android 4.0.4; en-gb; GT-I9300 Build/IMM76D) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30', 'mobile', 'Android', '4.0', 'Android Browser', '4.0', false),
('Mozilla/5.0 (Linux; U; Android 13; zh-cn; 2210132C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.5.110817', 'mobile', 'Android', '13', 'MIUI Browser', '17.5', false),
('Mozilla/5.0 (Linux; U; Android 12; en-US; RMX3430) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/15.3.5.1329 Mobile Safari/537.36', 'mobile', 'Android', '12', 'UC Browser', '15.3', false),
('Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88 HuaweiBrowser/13.0.5.303 Mobile Safari/537.36', 'mobile', 'Android', '12', 'Huawei Browser', '13.0', false),
('Mozilla/5.0 (Linux; Android 13; 23013RK75C Build/TKQ1.220905.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/111.0.5563.116 Mobile Safari/537.36 MicroMessenger/8.0.44.2502(0x28002C51)', 'mobile', 'Android', '13', 'WeChat', '8.0', false),
('Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10', 'mobile', NULL, NULL, 'Opera Mini', '7.1', false),
('Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5', 'mobile', 'KaiOS', '2.5', 'Firefox', '48.0', false),
('Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063', 'mobile', 'Windows Phone', '10.0', 'Edge', '15.15063', false),
('Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+', 'mobile', 'BlackBerry', NULL, 'Safari', '10.0', false),
('Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240105.004)', 'mobile', 'Android', '14', NULL, NULL, false),
('Shop/3.2 (example.shop; build:1; iOS 16.5.0) Alamofire/5.6.1', 'mobile', 'iOS', '16.5', NULL, NULL, false),
('Mozilla/5.0 (iPhone; CPU iPhone OS 16_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148', 'mobile', 'iOS', '16.3', 'WebView', NULL, false),
-- tablets
('Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1', 'tablet', 'iPadOS', '16.6', 'Safari', '16.6', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1', 'tablet', 'iPadOS', NULL, 'Chrome', '120.0', false),
('Mozilla/5.0 (Linux; Android 12; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.119 Safari/537.36', 'tablet', 'Android', '12', 'Chrome', '80.0', false),
('Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/115.0 Firefox/115.0', 'tablet', 'Android', '13', 'Firefox', '115.0', false),
('Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36', 'tablet', 'Android', '9', 'Amazon Silk', '108.4', false),
('Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.1.0; en-US) AppleWebKit/536.2+ (KHTML, like Gecko) Version/7.2.1.0 Safari/536.2+', 'tablet', NULL, NULL, 'Safari', '7.2', false),
-- television
('Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/76.0.3809.146 TV Safari/537.36', 'tv', 'Tizen', '6.0', 'Samsung Internet', '4.0', false),
('Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36 WebAppManager', 'tv', 'webOS', NULL, 'Chrome', '87.0', false),
('Mozilla/5.0 (Linux; Android 10; BRAVIA 4K VH2 Build/QTG3.200305.006.S14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/97.0.4692.98 Safari/537.36', 'tv', 'Android', '10', 'Chrome', '97.0', false),
('Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 (KHTML, like Gecko) Silk/98.2.3 like Chrome/98.0.4758.101 Safari/537.36', 'tv', 'Android', '9', 'Amazon Silk', '98.2', false),
('Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.225 Safari/537.36 CrKey/1.56.500000', 'tv', 'Linux', NULL, 'Chrome', '90.0', false),
('Roku/DVP-12.5 (12.5.0.4178-88)', 'tv', NULL, NULL, NULL, NULL, false),
('Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-Z130H) AppleWebKit/537.3 (KHTML, like Gecko) SamsungBrowser/1.0 Mobile Safari/537.3', 'mobile', 'Tizen', '2.3', 'Samsung Internet', '1.0', false),
-- consoles
('Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15', 'console', 'PlayStation', '5', 'Safari', '15.4', false),
('Mozilla/5.0 (PlayStation 4 11.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15', 'console', 'PlayStation', '4', 'Safari', '13.0', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02', 'console', 'Windows', '10', 'Edge', '20.02', false),
('Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474', 'console', 'Nintendo', NULL, NULL, NULL, false),
-- bots
('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot', NULL, NULL, 'Googlebot', '2.1', true),
('Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.6045.199 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot', 'Android', '6.0', 'Googlebot', '2.1', true),
('Googlebot-Image/1.0', 'bot', NULL, NULL, 'Googlebot-Image', '1.0', true),
('AdsBot-Google (+http://www.google.com/adsbot.html)', 'bot', NULL, NULL, 'AdsBot-Google', NULL, true),
('Mediapartners-Google', 'bot', NULL, NULL, 'Mediapartners-Google', NULL, true),
('Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)', 'bot', NULL, NULL, 'Google-InspectionTool', '1.0', true),
('Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36', 'bot', NULL, NULL, 'bingbot', '2.0', true),
('Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)', 'bot', NULL, NULL, 'Slurp', NULL, true),
('DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)', 'bot', NULL, NULL, 'DuckDuckBot', '1.1', true),
('Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)', 'bot', NULL, NULL, 'Baiduspider', '2.0', true),
('Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)', 'bot', NULL, NULL, 'YandexBot', '3.0', true),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)', 'bot', 'macOS', '10.15', 'Applebot', '0.1', true),
('facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'bot', NULL, NULL, 'facebookexternalhit', '1.1', true),
('Twitterbot/1.0', 'bot', NULL, NULL, 'Twitterbot', '1.0', true),
('Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'bot', NULL, NULL, 'Slackbot-LinkExpanding', '1.0', true),
('WhatsApp/2.23.20.0', 'bot', NULL, NULL, 'WhatsApp', '2.23', true),
('Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)', 'bot', NULL, NULL, 'GPTBot', '1.2', true),
('Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot', 'bot', NULL, NULL, 'ChatGPT-User', '1.0', true),
('Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)', 'bot', NULL, NULL, 'SemrushBot', '7', true),
('Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)', 'bot', NULL, NULL, 'archive.org_bot', NULL, true),
('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.6099.109 Safari/537.36', 'bot', 'Linux', NULL, 'HeadlessChrome', '120.0', true),
('Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse', 'bot', 'Android', '11', 'Chrome-Lighthouse', NULL, true),
('curl/8.5.0', 'bot', NULL, NULL, 'curl', '8.5', true),
('Wget/1.21.3', 'bot', NULL, NULL, 'Wget', '1.21', true),
('python-requests/2.31.0', 'bot', NULL, NULL, 'python-requests', '2.31', true),
('Go-http-client/2.0', 'bot', NULL, NULL, 'Go-http-client', '2.0', true),
('Java/17.0.9', 'bot', NULL, NULL, 'Java', '17.0', true),
('Mozilla/5.0 (compatible; Site Check 1.0; +https://check.example/about)', 'bot', NULL, NULL, NULL, NULL, true),
-- nothing that is known
('', 'unknown', NULL, NULL, NULL, NULL, false),
('okhttp/4.12.0', 'unknown', NULL, NULL, NULL, NULL, false),
('Shop/7 CFNetwork/1490.0.4 Darwin/23.2.0', 'unknown', NULL, NULL, NULL, NULL, false),
('-', 'unknown', NULL, NULL, NULL, NULL, false),
('Bücher 😀', 'unknown', NULL, NULL, NULL, NULL, false);
SELECT count(*) > 60 AS many, count(DISTINCT class) FROM agents;
CREATE VIEW actual AS SELECT n, (sessionize.device(agent)).* FROM agents;
CREATE VIEW expected AS SELECT n, class, os, os_version, browser, browser_version, is_bot FROM agents;
TABLE expected EXCEPT ALL TABLE actual ORDER BY n;
TABLE actual EXCEPT ALL TABLE expected ORDER BY n;

-- Client hints, with the user agent of a desktop, of a phone, and alone.
CREATE TABLE hinted (n int GENERATED ALWAYS AS IDENTITY, agent text, hints jsonb, class text, os text, os_version text, browser text, browser_version text, is_bot boolean);
INSERT INTO hinted (agent, hints, class, os, os_version, browser, browser_version, is_bot) VALUES
-- as Segment's tracker sent it from a headless browser
('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
 '{"brands":[{"brand":"Not:A-Brand","version":"8"},{"brand":"Chromium","version":"156"},{"brand":"HeadlessChrome","version":"156"}],"mobile":false,"platform":"Linux"}', 'bot', 'Linux', NULL, 'HeadlessChrome', '156.0', true),
('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
 '{"brands":[{"brand":"Not:A-Brand","version":"8"},{"brand":"Chromium","version":"156"}],"mobile":false,"platform":"Linux"}', 'desktop', 'Linux', NULL, 'Chrome', '156.0', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
 '{"brands":[{"brand":"Google Chrome","version":"126"},{"brand":"Brave","version":"126"}],"mobile":false,"platform":"Windows","platformVersion":"15.0.0"}', 'desktop', 'Windows', '11', 'Brave', '126', false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64)', '{"platform":"Windows","platformVersion":"10.0.0"}', 'desktop', 'Windows', '10', NULL, NULL, false),
('Mozilla/5.0 (Windows NT 10.0; Win64; x64)', '{"platform":"Windows","platformVersion":"0.3.0"}', 'desktop', 'Windows', '8.1', NULL, NULL, false),
('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36', '{"mobile":false,"platform":"Android","platformVersion":"14.0.0"}', 'tablet', 'Android', '14.0', 'Chrome', '120.0', false),
('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36', '{"mobile":true,"platform":"Android"}', 'mobile', 'Android', '10', 'Chrome', '120.0', false),
('Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36', '{"mobile":true,"formFactors":["Tablet"]}', 'tablet', 'Android', '10', 'Chrome', '120.0', false),
('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
 '{"fullVersionList":[{"brand":"Google Chrome","version":"120.0.6099.129"}],"brands":[{"brand":"Google Chrome","version":"120"}],"platform":"macOS","platformVersion":"14.2.1"}', 'desktop', 'macOS', '14.2', 'Chrome', '120.0', false),
-- as Snowplow's context of client hints has it
(NULL, '{"isMobile":true,"brands":[{"brand":"Samsung Internet","version":"23"}],"platform":"Android","platformVersion":"13.0.0","model":"SM-S918B"}', 'mobile', 'Android', '13.0', 'Samsung Internet', '23', false),
-- headers, in the case of HTTP/1.1 and of HTTP/2
(NULL, '{"Sec-CH-UA":"\"Not/A)Brand\";v=\"8\", \"Chromium\";v=\"126\", \"Microsoft Edge\";v=\"126\"","Sec-CH-UA-Mobile":"?0","Sec-CH-UA-Platform":"\"Chrome OS\""}', 'desktop', 'ChromeOS', NULL, 'Edge', '126', false),
(NULL, '{"sec-ch-ua":"\"Opera\";v=\"105\", \"Chromium\";v=\"119\"","sec-ch-ua-mobile":"?1","sec-ch-ua-platform":"\"Android\""}', 'mobile', 'Android', NULL, 'Opera', '105', false),
(NULL, '{"sec-ch-ua":"\"Chromium\";v=\"119\"","sec-ch-ua-platform":"\"macOS\""}', 'desktop', 'macOS', NULL, 'Chromium', '119', false),
-- what is no hint at all
('curl/8.5.0', '[]', 'bot', NULL, NULL, 'curl', '8.5', true),
(NULL, '{}', 'unknown', NULL, NULL, NULL, NULL, false),
(NULL, '"x"', 'unknown', NULL, NULL, NULL, NULL, false),
(NULL, '{"brands":[1,null,[],{"brand":1},{"version":"1"},"x"],"mobile":"yes","platform":7,"platformVersion":[],"formFactors":{"a":"Tablet"}}', 'unknown', NULL, NULL, NULL, NULL, false),
(NULL, '{"sec-ch-ua":"\"Opera","sec-ch-ua-platform":"\"","platform":"Unknown"}', 'unknown', NULL, NULL, NULL, NULL, false);
SELECT n, (sessionize.device(agent, hints)).* FROM hinted EXCEPT ALL SELECT n, class, os, os_version, browser, browser_version, is_bot FROM hinted ORDER BY n;
SELECT n, class, os, os_version, browser, browser_version, is_bot FROM hinted EXCEPT ALL SELECT n, (sessionize.device(agent, hints)).* FROM hinted ORDER BY n;
SELECT sessionize.device(NULL), sessionize.device(NULL, NULL);

-- Megabytes: long words, long numbers, many words, many brands, and each character of Latin-1 somewhere.
SET statement_timeout = '60s';
SELECT (sessionize.device(repeat('a', 1000000))).class, (sessionize.device(repeat('bot', 400000))).class, (sessionize.device('curl/' || repeat('9', 1000000))).browser_version;
SELECT (sessionize.device('Chrome/1' || repeat('.', 1000000))).browser_version, (sessionize.device(repeat('Windows NT Chrome/', 60000) || '7.5')).*;
SELECT length((sessionize.device(repeat('x-', 500000) || 'bot' || repeat('-y', 500000))).browser), (sessionize.device(repeat('http://', 200000))).class, (sessionize.device(repeat('+http:// ', 200000))).class;
SELECT (sessionize.device('', jsonb_build_object('brands', (SELECT jsonb_agg(jsonb_build_object('brand', 'b' || i, 'version', i)) FROM generate_series(1, 50000) AS i), 'sec-ch-ua', repeat('"";v="', 200000)))).class;
SELECT count(*) FROM generate_series(1, 255) AS c, LATERAL sessionize.device('Firefox' || chr(c) || '/' || chr(c) || '7' || chr(c) || '.' || chr(c)) AS d WHERE d.class IS NULL;

-- A value of the type, and an expression of an index.
SELECT (ROW('tv', NULL, NULL, NULL, NULL, false)::sessionize.device_info).class;
CREATE INDEX ON agents (((sessionize.device(agent)).class));
DROP SCHEMA device_test CASCADE;
