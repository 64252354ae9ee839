# What real trackers sent from a page (captures.txt of the shared data), through each tracker's preset: every column.
use strict;
use warnings;
use Encode ();
use JSON::PP ();
use MIME::Base64 ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $captures = ($ENV{SESSIONIZE_SHARED} // '') . '/trackers/captures.txt';
plan skip_all => 'no trackers/captures.txt in SESSIONIZE_SHARED' unless -f $captures;

sub unescaped
{
	my ($text) = @_;
	$text =~ tr/+/ /;
	$text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
	return $text;
}

# Each event that a request carries: the preset, when it was sent if only the envelope says so, and the document.
my %events = (segment => [], snowplow => [], posthog => []);
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $path = '';
open(my $fh, '<', $captures) or die "$captures: $!";
while (my $line = <$fh>)
{
	$path = $1 if $line =~ /^-- \w+ (\S+)/;
	if ($line =~ m{^-- GET /i\?(\S+)})
	{
		push @{ $events{snowplow} }, [ undef, $json->encode({ map { my ($k, $v) = split /=/, $_, 2; ($k => Encode::decode('UTF-8', unescaped($v))) } split /&/, $1 }) ];
	}
	next unless $line =~ /^  B (.*)$/ && $path !~ m{^/flags};
	my $body = $1;
	$body = MIME::Base64::decode_base64(unescaped($1)) if $body =~ /^data=(.*)/;
	my $sent = $json->decode($body);
	my $preset = $path =~ /tp2$/ ? 'snowplow' : $path =~ m{^/e/} ? 'posthog' : 'segment';
	push @{ $events{$preset} }, [ $sent->{sentAt} // $sent->{sent_at}, $json->encode($_) ] foreach @{ $sent->{batch} // $sent->{data} // [$sent] };
}
close $fh;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize');
# the header User-Agent of all requests
my $agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36';
my $quoted = sub { my ($text) = @_; return 'NULL' unless defined $text; $text =~ s/'/''/g; return "'$text'" };

# The values of each column of sessions and events, and how often each is there; a column without values is left out, and
# so are numbers that the extension makes itself.
my $shown = q{
	SELECT string_agg(k || ': ' || v, E'\n' ORDER BY k) FROM (
		SELECT k, string_agg(CASE WHEN n > 1 THEN n || ' x ' ELSE '' END || v, ', ' ORDER BY v COLLATE "C") AS v FROM (
			SELECT k, v, count(*) AS n FROM %s AS r, LATERAL jsonb_each_text(to_jsonb(r)
			    - '{session_id,session_index,started_by,ended_by,expires_at,date,raw_id,session_started_at,duration,conflicts}'::text[]) AS c (k, v)
			WHERE v IS NOT NULL GROUP BY k, v) AS x
		GROUP BY k) AS y};
my %expected = do { local $/; my $text = <DATA>; $text =~ /^== (\S+)\n(.*?)(?=^== |\z)/msg };

foreach my $preset (sort keys %events)
{
	my $rows = join ', ', map { sprintf q{('2026-12-01 04:43Z', %s, '%s', %s)}, $quoted->($_->[0]), $agent, $quoted->($_->[1]) } @{ $events{$preset} };
	$node->safe_psql('postgres', qq{
		SELECT sessionize.create_events_table('raw.$preset', 'none', preset => '$preset');
		SELECT sessionize.create_pipeline('$preset', 'raw.$preset', preset => '$preset');
		INSERT INTO raw.$preset (received_at, sent_at, user_agent, payload) VALUES $rows;
		CALL sessionize.rebuild('$preset')});
	foreach my $view ('sessions', 'events')
	{
		my $got = $node->safe_psql('postgres', sprintf($shown, "$preset.$view")) . "\n";
		is($got, $expected{"$preset.$view"} // '', "$preset: every column of $view");
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM $preset.quarantine"), '0', "$preset: every event is read");
	is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('$preset')"), '0', "$preset: the star verifies");
}
done_testing();

__DATA__
== posthog.sessions
channel_group: 3 x Direct
channel_medium: 3 x (none)
channel_source: 3 x (direct)
conversions: 3 x 1
device_browser: 3 x Chrome
device_browser_version: 3 x 156.0
device_class: 3 x bot
device_os: 3 x Linux
distinct_pages: 3 x 1
duplicates: 3 x 0
ended_at: 2026-12-01T04:42:46.151+00:00, 2026-12-01T04:42:52.163+00:00, 2026-12-01T04:42:57.597+00:00
engaged_time: 00:00:04.552, 00:00:05.059, 00:00:05.062
entry_page: 3 x localhost/p
events: 3, 2 x 5
exit_page: 3 x localhost/p
is_bounce: 3 x false
locale_language: 3 x en-US
locale_timezone: 3 x UTC
orders: 3 x 1
page_views: 3 x 1
products_viewed: 3 x 0
revenue: 3 x 9.5
session_key: 01a22fe9-7e3f-7bec-a27b-b68ac52b30c3, 01a22fe9-95b8-739b-a3a1-2b094595a39d, 01a22fe9-ace8-7c0f-bb4b-4859c45765ec
started_at: 2026-12-01T04:42:41.092+00:00, 2026-12-01T04:42:47.101+00:00, 2026-12-01T04:42:53.045+00:00
user_id: 2 x ann
== posthog.events
event_id: 01a22fe9-7e44-7368-ae87-1eaa25ac52b3, 01a22fe9-7e69-7edf-9386-42fbb9ddf0bc, 01a22fe9-7e6b-7feb-96f4-f991ac39827c, 01a22fe9-7e74-7403-84a5-1e8fb33a4a8c, 01a22fe9-9207-7702-bf23-4622282a78b1, 01a22fe9-95bd-78e4-8e98-efea4e796926, 01a22fe9-95dc-70a5-829a-84946606a39f, 01a22fe9-95de-7b8b-89ea-be6877a684da, 01a22fe9-95e5-71c5-97cf-ba54197b50a6, 01a22fe9-a983-7364-9a7c-67068d71aadb, 01a22fe9-acf5-7d20-82d6-6a69042b0f5e, 01a22fe9-ad1c-7cae-8fa9-97cb5ddb62c3, 01a22fe9-bebd-7e72-a293-9b434698fcd8
event_name: 2 x $groupidentify, 2 x $identify, 3 x $pageleave, 3 x order completed, 3 x page_view
event_time: 2026-12-01T04:42:41.092+00:00, 2026-12-01T04:42:41.129+00:00, 2026-12-01T04:42:41.131+00:00, 2026-12-01T04:42:41.14+00:00, 2026-12-01T04:42:46.151+00:00, 2026-12-01T04:42:47.101+00:00, 2026-12-01T04:42:47.132+00:00, 2026-12-01T04:42:47.134+00:00, 2026-12-01T04:42:47.141+00:00, 2026-12-01T04:42:52.163+00:00, 2026-12-01T04:42:53.045+00:00, 2026-12-01T04:42:53.084+00:00, 2026-12-01T04:42:57.597+00:00
location_host: 13 x localhost
location_path: 13 x /p
location_query: 3 x t=phdef, 5 x t=posthog, 5 x t=posthog&nogz=1
location_title: 3 x Home T
page: 13 x localhost/p
page_view: 10 x false, 3 x true
session_key: 5 x 01a22fe9-7e3f-7bec-a27b-b68ac52b30c3, 5 x 01a22fe9-95b8-739b-a3a1-2b094595a39d, 3 x 01a22fe9-ace8-7c0f-bb4b-4859c45765ec
user_id: 10 x ann
== segment.sessions
channel_group: 7 x Direct
channel_medium: 7 x (none)
channel_source: 7 x (direct)
conversions: 2 x 0, 5 x 1
device_browser: 4 x Chrome, 3 x HeadlessChrome
device_browser_version: 7 x 156.0
device_class: 3 x bot, 4 x desktop
device_os: 7 x Linux
distinct_pages: 7 x 1
duplicates: 7 x 0
ended_at: 2026-12-01T04:42:05.391+00:00, 2026-12-01T04:42:08.771+00:00, 2026-12-01T04:42:12.277+00:00, 2026-12-01T04:42:21.751+00:00, 2026-12-01T04:42:26.661+00:00, 2026-12-01T04:42:31.719+00:00, 2026-12-01T04:42:36.831+00:00
engaged_time: 00:00:00.014, 00:00:00.019, 00:00:00.026, 00:00:00.044, 00:00:00.067, 00:00:00.069, 00:00:00.081
entry_page: 7 x localhost/p
events: 2 x 2, 5 x 5
exit_page: 7 x localhost/p
is_bounce: 7 x false
locale_language: 7 x en-US
locale_timezone: 4 x GMT+0000, 3 x UTC
orders: 2 x 0, 5 x 1
page_views: 7 x 1
products_viewed: 7 x 0
revenue: 5 x 9.5
session_key: 36697ed3-a00b-4f93-bf5c-5470a3059d5a, 6b9056ec-77a1-4236-9307-fff6e540ba1c, 841b0760-3efb-4970-ba63-d87667ad4982, 957e557e-75da-41f6-8b6c-c3e0b883a612, ab80adbf-0591-4d0b-90ff-f2e69ba7c261, d5e4aa6c-5e7b-4579-a6c3-1f698ca218f3, e681be3f-65a7-4e67-83f6-787692a97d12
started_at: 2026-12-01T04:42:05.322+00:00, 2026-12-01T04:42:08.704+00:00, 2026-12-01T04:42:12.196+00:00, 2026-12-01T04:42:21.707+00:00, 2026-12-01T04:42:26.642+00:00, 2026-12-01T04:42:31.693+00:00, 2026-12-01T04:42:36.817+00:00
user_id: 2 x ann, 3 x ann2
== segment.events
event_id: 0c4ff61f-b97a-4226-b60b-497cfe5f2289, 0ea58c9d-18c8-4730-bccd-14d2a3ded060, 0faa3e6e-9fd9-4b08-9faf-69e056027041, 291e4373-69fa-4bc4-bbb5-98ddcda4fe24, 3a395969-6b83-425c-9bf8-febbcbcf84e7, 3d978f7f-4411-4fd1-9381-5cad7ae51248, 46cec889-e2c1-46a6-a77e-6180cd5e1487, 4ebb7ae1-9f83-4709-95e6-9d0ae7af7b6c, 733d6347-fa1b-4b6e-8fe5-fa94d7cb211d, 7dd3e9fb-6819-4234-b10c-46d93ce954f9, 882d403d-a104-499b-a9a0-48fd8a0c8c1d, 8b6ec0e9-c280-4021-958f-cbaccef68142, a68f9707-f177-473e-8ebe-ed69e20ea0d6, af87ab42-91e5-44d3-b3c3-7bbf856c3a9d, ajs-next-1796100125322-00e681be-3f65-473e-a7c3-f6787692a97d, ajs-next-1796100125371-be3f65a7-3e67-43f6-b876-92a97d124fb3, ajs-next-1796100125377-65a73e67-c3f6-4876-92a9-7d124fb3de1f, ajs-next-1796100125386-3e67c3f6-7876-42a9-bd12-4fb3de1fc932, ajs-next-1796100125391-c3f67876-92a9-4d12-8fb3-de1fc932885e, ajs-next-1796100128704-79ab80ad-bf05-41ed-8b50-fff2e69ba7c2, ajs-next-1796100128751-adbf0591-ed0b-40ff-b2e6-9ba7c2617e43, ajs-next-1796100128757-0591ed0b-50ff-42e6-9ba7-c2617e43487a, ajs-next-1796100128766-ed0b50ff-f2e6-4ba7-8261-7e43487aabda, ajs-next-1796100128771-50fff2e6-9ba7-4261-be43-487aabdae733, ajs-next-1796100132196-cad5e4aa-6c5e-4b95-b9e6-c31f698ca218, ajs-next-1796100132277-aa6c5e7b-9579-46c3-9f69-8ca218f3d616, bec600d5-5bad-46ff-a8e0-e9ed073a87a4, caf3003e-36e8-4e3e-af2a-af6d9b596634, e6491fbd-6f89-4954-8832-0137bd58f443
event_name: 5 x Order Completed, 2 x X, 5 x alias, 5 x group, 5 x identify, 7 x page_view
event_time: 2026-12-01T04:42:05.322+00:00, 2026-12-01T04:42:05.371+00:00, 2026-12-01T04:42:05.377+00:00, 2026-12-01T04:42:05.386+00:00, 2026-12-01T04:42:05.391+00:00, 2026-12-01T04:42:08.704+00:00, 2026-12-01T04:42:08.751+00:00, 2026-12-01T04:42:08.757+00:00, 2026-12-01T04:42:08.765+00:00, 2026-12-01T04:42:08.771+00:00, 2026-12-01T04:42:12.196+00:00, 2026-12-01T04:42:12.277+00:00, 2026-12-01T04:42:21.707+00:00, 2026-12-01T04:42:21.722+00:00, 2026-12-01T04:42:21.73+00:00, 2026-12-01T04:42:21.742+00:00, 2026-12-01T04:42:21.751+00:00, 2026-12-01T04:42:26.642+00:00, 2026-12-01T04:42:26.648+00:00, 2026-12-01T04:42:26.651+00:00, 2026-12-01T04:42:26.656+00:00, 2026-12-01T04:42:26.661+00:00, 2026-12-01T04:42:31.693+00:00, 2026-12-01T04:42:31.701+00:00, 2026-12-01T04:42:31.706+00:00, 2026-12-01T04:42:31.712+00:00, 2026-12-01T04:42:31.719+00:00, 2026-12-01T04:42:36.817+00:00, 2026-12-01T04:42:36.831+00:00
location_host: 29 x localhost
location_path: 29 x /p
location_query: 5 x t=rudder, 5 x t=rudder&b=1, 5 x t=rudder&beacon=1, 2 x t=ruddercfg, 2 x t=segcdn, 5 x t=segment, 5 x t=segment&b=1
location_title: 29 x Home T
page: 29 x localhost/p
page_view: 22 x false, 7 x true
session_key: 5 x 36697ed3-a00b-4f93-bf5c-5470a3059d5a, 5 x 6b9056ec-77a1-4236-9307-fff6e540ba1c, 2 x 841b0760-3efb-4970-ba63-d87667ad4982, 5 x 957e557e-75da-41f6-8b6c-c3e0b883a612, 5 x ab80adbf-0591-4d0b-90ff-f2e69ba7c261, 2 x d5e4aa6c-5e7b-4579-a6c3-1f698ca218f3, 5 x e681be3f-65a7-4e67-83f6-787692a97d12
user_id: 19 x ann, 3 x ann2
== snowplow.sessions
channel_group: 4 x Direct
channel_medium: 4 x (none)
channel_source: 4 x (direct)
conversions: 4 x 0
device_browser: 4 x HeadlessChrome
device_browser_version: 4 x 156.0
device_class: 4 x bot
device_os: 4 x Linux
distinct_pages: 2 x 0, 2 x 1
duplicates: 4 x 0
ended_at: 2 x 2023-11-14T22:13:20+00:00, 2026-12-01T04:42:15.013+00:00, 2026-12-01T04:42:18.327+00:00
engaged_time: 2 x 00:00:00, 2 x 00:00:00.006
entry_page: 2 x localhost/p
events: 2 x 1, 2 x 2
exit_page: 2 x localhost/p
is_bounce: 2 x false, 2 x true
locale_language: 4 x en-US
locale_timezone: 4 x UTC
orders: 4 x 0
page_views: 2 x 0, 2 x 1
products_viewed: 4 x 0
session_key: 2 x 8684e1b6-e827-47ba-bb7a-f57c9fa334d3, 2 x ae88a3b5-7fec-403a-b4aa-44eaa7a56c0c
started_at: 2 x 2023-11-14T22:13:20+00:00, 2026-12-01T04:42:15.007+00:00, 2026-12-01T04:42:18.321+00:00
user_id: 4 x ann
== snowplow.events
event_id: 4715eb8e-e51d-40e6-807a-04ed5b490988, 59593c79-7a6f-43f7-a601-7444c52fe213, 61312fa1-e845-4e66-96c6-25643cece2a7, 8922159c-b752-4426-b356-5aa425a7b141, 94be91f5-6a3e-4ced-afe8-190d688deec1, e58b59f4-2c0f-406c-b28d-de23803b0aa4
event_name: 2 x a, 2 x order, 2 x page_view
event_time: 2 x 2023-11-14T22:13:20+00:00, 2026-12-01T04:42:15.007+00:00, 2026-12-01T04:42:15.013+00:00, 2026-12-01T04:42:18.321+00:00, 2026-12-01T04:42:18.327+00:00
location_host: 6 x localhost
location_path: 6 x /p
location_query: 3 x t=snowplow, 3 x t=snowplow&m=get
location_title: 2 x Home
page: 6 x localhost/p
page_view: 4 x false, 2 x true
session_key: 3 x 8684e1b6-e827-47ba-bb7a-f57c9fa334d3, 3 x ae88a3b5-7fec-403a-b4aa-44eaa7a56c0c
user_id: 6 x ann
