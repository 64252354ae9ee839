-- url_host, url_path, url_query, url_page, url_parameter against RFC 3986's regular expression in SQL.
SET timezone = 'UTC';
CREATE SCHEMA url_test;
SET search_path = url_test;
\set VERBOSITY verbose
\set SHOW_CONTEXT never

-- The examples of the reference.
SELECT sessionize.url_host(url), sessionize.url_path(url), sessionize.url_query(url), sessionize.url_page(url)
FROM (VALUES ('https://ann@Shop.Example:8443/a/b?utm_source=x#top'), ('https://shop.example'), ('/a/b?x=1')) AS v (url);
SELECT sessionize.url_parameter('https://shop.example/?utm_source=Caf%C3%A9+Bar&x=1&x=2', name)
FROM unnest(ARRAY['utm_source', 'x', 'y']) AS name;

-- Hard cases, by hand.
CREATE TABLE cases (url text, host text, path text, query text);
INSERT INTO cases VALUES
('', NULL, '', NULL),
('/', NULL, '/', NULL),
('?', NULL, '', ''),
('#', NULL, '', NULL),
('?#', NULL, '', ''),
('#?x', NULL, '', NULL),
('http:', NULL, '', NULL),
('http:/', NULL, '/', NULL),
('http://', NULL, '', NULL),
('http:///p', NULL, '/p', NULL),
('//', NULL, '', NULL),
('//h', 'h', '/', NULL),
('//h?q', 'h', '/', 'q'),
('http://H', 'h', '/', NULL),
('HTTP://EXAMPLE.COM/A', 'example.com', '/A', NULL),
('http://example.com.:80', 'example.com.', '/', NULL),
('http://h:80/p', 'h', '/p', NULL),
('http://h:/p', 'h', '/p', NULL),
('http://h:8x/p', NULL, '/p', NULL),
('http://:80/p', NULL, '/p', NULL),
('http://:80', NULL, '', NULL),
('http://a:b:80/p', NULL, '/p', NULL),
('http://u@h/p', 'h', '/p', NULL),
('http://u:p@h:1/p', 'h', '/p', NULL),
('http://u@v@h/p', 'h', '/p', NULL),
('http://u@/p', NULL, '/p', NULL),
('http://@h/p', 'h', '/p', NULL),
('http://h/p@q', 'h', '/p@q', NULL),
('http://h?x@y/z', 'h', '/', 'x@y/z'),
('http://h#x@y/z', 'h', '/', NULL),
('http://[::1]/p', '[::1]', '/p', NULL),
('http://[2001:DB8::A]:8080/p', '[2001:db8::a]', '/p', NULL),
('http://[::1/p', NULL, '/p', NULL),
('http://[::1]x/p', NULL, '/p', NULL),
('http://a[b]/p', NULL, '/p', NULL),
('http://u@[::1]:1?q', '[::1]', '/', 'q'),
('http://h/a?b?c#d?e', 'h', '/a', 'b?c'),
('http://h/a#b', 'h', '/a', NULL),
('http://h/a?', 'h', '/a', ''),
('http://h/a/../b;c=1', 'h', '/a/../b;c=1', NULL),
('mailto:ann@shop.example', NULL, 'ann@shop.example', NULL),
('javascript:void(0)', NULL, 'void(0)', NULL),
('android-app://com.google.android.gm/', 'com.google.android.gm', '/', NULL),
('1a://h/p', NULL, '1a://h/p', NULL),
('a b://h/p', NULL, 'a b://h/p', NULL),
(' http://h/p', NULL, ' http://h/p', NULL),
('$direct', NULL, '$direct', NULL),
('shop.example/p', NULL, 'shop.example/p', NULL),
('shop.example:80/p', NULL, '80/p', NULL),
('http:\\h\p', NULL, '\\h\p', NULL),
('http://münchen.EXAMPLE/ü?ü', 'münchen.example', '/ü', 'ü'),
('http://ÄB.example', 'Äb.example', '/', NULL),
('a/b:c//d', NULL, 'a/b:c//d', NULL),
('file:///etc/passwd', NULL, '/etc/passwd', NULL),
('http://%41b/p', '%41b', '/p', NULL);
SELECT url, host, path, query FROM cases
EXCEPT ALL SELECT url, sessionize.url_host(url), sessionize.url_path(url), sessionize.url_query(url) FROM cases;
SELECT url, sessionize.url_host(url), sessionize.url_path(url), sessionize.url_query(url) FROM cases
EXCEPT ALL SELECT url, host, path, query FROM cases;
SELECT count(*) AS wrong_pages FROM cases WHERE sessionize.url_page(url) IS DISTINCT FROM coalesce(host, '') || path;
SELECT sessionize.url_host(NULL), sessionize.url_path(NULL), sessionize.url_query(NULL), sessionize.url_page(NULL),
       sessionize.url_parameter(NULL, 'a'), sessionize.url_parameter('?a', NULL);

-- The same once more by the regular expression of RFC 3986's appendix B, with a scheme as its grammar has it.
CREATE FUNCTION pieces(url text) RETURNS text[] LANGUAGE sql IMMUTABLE RETURN
    regexp_match(url, '^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:[?]([^#]*))?(?:#.*)?$');
CREATE FUNCTION expected_host(url text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
    translate((regexp_match((pieces(url))[2], '^(?:.*@)?(\[[^]@]*\]|[^]:@[]+)(?::[0-9]*)?$'))[1], 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
CREATE FUNCTION expected_path(url text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN (pieces(url))[3] = '' AND expected_host(url) IS NOT NULL THEN '/' ELSE (pieces(url))[3] END;
SELECT url, host, path, query FROM cases EXCEPT ALL SELECT url, expected_host(url), expected_path(url), (pieces(url))[4] FROM cases;

-- Random URLs of the characters that matter, and of pieces of URLs.  The seed is the day's, and printed where a case fails.
SELECT extract(epoch FROM current_date)::int AS seed \gset
CREATE TABLE random_urls AS
SELECT CASE WHEN i % 3 = 0 THEN 'http://' ELSE '' END || coalesce(rest, '') AS url FROM (SELECT i, (SELECT string_agg(CASE WHEN i % 2 = 0 THEN substr('ab:/?#@[]%1=&+. ü', 1 + abs(hashint8extended(i * 64 + n, :seed) % 17)::int, 1)
                                  ELSE (ARRAY['http:', '//', '/', 'H.com', 'u:p@', ':80', '?', '#', '[::1]', 'a=b', '&', ':x', '%4', '.', 'ü', '+'])[1 + abs(hashint8extended(i * 64 + n, :seed) % 16)] END, '')
           FROM generate_series(1, abs(hashint8extended(i, :seed) % 12)) AS n) AS rest
FROM generate_series(1, 8000) AS i) AS x;
SELECT DISTINCT :seed AS seed_of_failure FROM
((SELECT url, expected_host(url), expected_path(url), (pieces(url))[4] FROM random_urls
  EXCEPT ALL SELECT url, sessionize.url_host(url), sessionize.url_path(url), sessionize.url_query(url) FROM random_urls)
 UNION ALL
 (SELECT url, sessionize.url_host(url), sessionize.url_path(url), sessionize.url_query(url) FROM random_urls
  EXCEPT ALL SELECT url, expected_host(url), expected_path(url), (pieces(url))[4] FROM random_urls)) AS x;
SELECT count(expected_host(url)) > 300 AS many_hosts, count((pieces(url))[4]) > 300 AS many_queries FROM random_urls;

-- Parameters, by hand.
CREATE TABLE parameters (url text, name text, value text);
INSERT INTO parameters VALUES
('?a=1', 'a', '1'), ('?a=1&a=2', 'a', '1'), ('?b=1', 'a', NULL), ('?a', 'a', ''), ('?a=', 'a', ''), ('?a&a=1', 'a', ''),
('a=1', 'a', NULL), ('#a=1', 'a', NULL), ('?x#?a=1', 'a', NULL), ('?', '', NULL), ('?=1', '', '1'), ('?&&', '', NULL), ('?&a=1', 'a', '1'),
('?a=b=c', 'a', 'b=c'), ('?a=b;c=d', 'a', 'b;c=d'), ('?a=b;c=d', 'c', NULL), ('?A=1', 'a', NULL), ('??a=1', 'a', NULL), ('??a=1', '?a', '1'),
('?a=x+y', 'a', 'x y'), ('?a=x%2By', 'a', 'x+y'), ('?a=%c3%A9', 'a', 'é'), ('?%61=1', 'a', '1'), ('?a%3Db=1', 'a=b', '1'), ('?a+b=1', 'a b', '1'),
('?a=%', 'a', '%'), ('?a=%4', 'a', '%4'), ('?a=%4&b', 'a', '%4'), ('?a=%zz', 'a', '%zz'), ('?a=%%41', 'a', '%A'), ('?a=%2541', 'a', '%41'),
('?a=%00', 'a', '%00'), ('?a=x+%00', 'a', 'x+%00'), ('?a=%ff', 'a', '%ff'), ('?a=+%C3', 'a', '+%C3'), ('?a=%C3+%A9', 'a', '%C3+%A9'),
('?a=%ed%a0%80', 'a', '%ed%a0%80'), ('?a=%c0%80', 'a', '%c0%80'), ('?a=%f4%90%80%80', 'a', '%f4%90%80%80'), ('?a=%F0%9F%98%80', 'a', '😀'),
('?%ff=1', '%ff', '1'), ('?%00=1&a=2', 'a', '2'), ('?é=ü', 'é', 'ü'), ('?%C3%A9=1', 'é', '1'), ('?a=%26%23%3f', 'a', '&#?'),
('http://h/?utm_source=n&utm_medium=e-mail#utm_source=z', 'utm_source', 'n');
SELECT * FROM parameters EXCEPT ALL SELECT url, name, sessionize.url_parameter(url, name) FROM parameters;
SELECT url, name, sessionize.url_parameter(url, name) FROM parameters EXCEPT ALL SELECT * FROM parameters;

-- The same once more in SQL: escapes one after the other into bytes, and convert_from() to say what is valid.
CREATE FUNCTION decoded(encoded text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  bytes bytea := '';
  piece text;
BEGIN
  FOR piece IN SELECT m[1] FROM regexp_matches(encoded, '%[0-9A-Fa-f]{2}|.', 'g') AS m LOOP
    bytes := bytes || CASE WHEN piece = '+' THEN ' ' WHEN length(piece) = 3 THEN decode(substr(piece, 2), 'hex') ELSE convert_to(piece, 'UTF8') END;
  END LOOP;
  RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
  RETURN encoded;
END $$;
CREATE FUNCTION expected_parameter(url text, name text) RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC
  SELECT decoded(CASE WHEN strpos(pair, '=') = 0 THEN '' ELSE substr(pair, strpos(pair, '=') + 1) END)
  FROM string_to_table((pieces(url))[4], '&') WITH ORDINALITY AS p (pair, n)
  WHERE pair <> '' AND decoded(split_part(pair, '=', 1)) = name ORDER BY n LIMIT 1;
END;
SELECT * FROM parameters EXCEPT ALL SELECT url, name, expected_parameter(url, name) FROM parameters;
CREATE TABLE random_parameters AS
SELECT '?' || (SELECT string_agg((ARRAY['a', 'b', '=', '&', '+', '%', '%2', '%61', '%00', '%c3', '%A9', 'é', '#', '%f0%9f%98%80', '=', '&'])[1 + abs(hashint8extended(i * 64 + n, :seed) % 16)], '')
               FROM generate_series(1, 1 + abs(hashint8extended(i, :seed) % 12)) AS n) AS url,
       (ARRAY['a', 'b', '', 'é', ' ', 'a%00'])[1 + i % 6] AS name
FROM generate_series(1, 5000) AS i;
SELECT DISTINCT :seed AS seed_of_failure FROM
((SELECT url, name, expected_parameter(url, name) FROM random_parameters EXCEPT ALL SELECT url, name, sessionize.url_parameter(url, name) FROM random_parameters)
 UNION ALL
 (SELECT url, name, sessionize.url_parameter(url, name) FROM random_parameters EXCEPT ALL SELECT url, name, expected_parameter(url, name) FROM random_parameters)) AS x;
SELECT count(expected_parameter(url, name)) > 300 AS many_values FROM random_parameters;

-- Megabytes.
SET statement_timeout = '60s';
SELECT length(sessionize.url_host('http://' || repeat('@', 3000000) || repeat('A', 1000000) || '/'));
SELECT sessionize.url_host('http://' || repeat('[', 3000000));
SELECT length(sessionize.url_page('http://h' || repeat('/../', 1000000)));
SELECT sessionize.url_parameter('?' || repeat('%61%ff=+&', 500000) || 'x=1', 'x');
SELECT length(sessionize.url_parameter('?x=' || repeat('%C3%A9', 500000), 'x')), length(sessionize.url_parameter('?x=' || repeat('%C3%A9', 500000) || '%C3', 'x'));

-- An expression of an index may use them.
CREATE INDEX ON cases (sessionize.url_page(url), sessionize.url_parameter(url, 'utm_source'));
SET client_min_messages = warning;
DROP SCHEMA url_test CASCADE;
