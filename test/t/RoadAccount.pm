# RoadAccount: what tests of the whole way in share: which events were sent and which of them were accepted, and whether the
# database has each accepted one once, as it was sent, and no other.
#
# An event's id is the letter of its sender, "-" and a number; those of Kafka's feeder are "e" and the number, and count as "k-".  The events
# table refuses ids that end with 77, so these must be rejected, and of Kafka's every 50th, which can't be decoded.
package RoadAccount;
use strict;
use warnings;
use Test::More;

# new makes the tables of the account in a node's database.
sub new
{
	my ($class, $node) = @_;
	my $self = bless { node => $node }, $class;

	$self->sql(q{
		CREATE TABLE sent (sender text, low bigint, high bigint);
		CREATE TABLE accepted (id text);
		CREATE VIEW arrived AS
			SELECT regexp_replace(event_id, '^e', 'k-') AS id, false AS is_rejected FROM raw.events
			UNION ALL SELECT regexp_replace((regexp_match(convert_from(body, 'UTF8'), '"(?:messageId|event_id)": ?"([^"]+)"'))[1], '^e', 'k-'), true FROM sessionize.rejected_requests});
	return $self;
}

sub sql { my ($self, $sql) = @_; return $self->{node}->safe_psql('postgres', $sql); }

# sent notes that a sender has sent the numbers from low to high, if any, of which those in a file, one a line, were accepted.
sub sent
{
	my ($self, $sender, $low, $high, $file) = @_;

	$self->sql("INSERT INTO sent VALUES ('$sender', $low, $high)") if $high >= $low;
	system('psql', '-X', '-q', '-d', $self->{node}->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-c', 'CREATE TEMP TABLE numbers (n bigint)',
		'-c', "\\copy numbers FROM '$file'", '-c', "INSERT INTO accepted SELECT '$sender-' || n FROM numbers") == 0 or die 'no COPY';
	return;
}

# counts returns how many events were accepted, are in the events table, and were rejected.
sub counts
{
	my ($self) = @_;

	return split /\|/, $self->sql('SELECT (SELECT count(*) FROM accepted), count(*) FILTER (WHERE NOT is_rejected), count(*) FILTER (WHERE is_rejected) FROM arrived');
}

# closes compares what was sent and accepted with what has arrived.  Returns the counts.
sub closes
{
	my ($self, $what) = @_;
	my ($accepted, $events, $rejected) = $self->counts;
	my $some = sub { my ($sql) = @_; return $self->sql("SELECT id FROM ($sql) AS s ORDER BY 1 LIMIT 5"); };

	is($some->('SELECT id FROM accepted EXCEPT SELECT id FROM arrived'), '', "$what: each of $accepted accepted events has arrived");
	is($some->('SELECT id FROM arrived GROUP BY id HAVING count(*) > 1'), '', "$what: once");
	is($some->(q{SELECT id FROM arrived AS a WHERE id IS NULL OR NOT EXISTS (
		SELECT FROM sent AS s WHERE s.sender = split_part(a.id, '-', 1) AND split_part(a.id, '-', 2)::bigint BETWEEN s.low AND s.high)}),
		'', "$what: and none that was not sent");
	is($some->(q{SELECT id FROM arrived WHERE is_rejected <> (id LIKE '%77' OR id LIKE 'k-%00' OR id LIKE 'k-%50' OR id = 'k-0')}), '', "$what: $events are in the events table, and $rejected that it refuses were rejected");
	$self->contents($what);
	is($self->sql(q{SELECT sum(requests) - sum(decoded) - sum(rejected), sum(difference), sum(gaps), sum(rows_inserted) - (SELECT count(*) FROM raw.events) FROM sessionize.ingest_reconcile()}),
		'0|0|0|0', "$what: the accounts of ingest_reconcile close");
	return ($accepted, $events, $rejected);
}

# contents compares the columns of each event with those that its number says it was sent with.
sub contents
{
	my ($self, $what) = @_;

	is($self->sql(q{
		SELECT event_id FROM raw.events, LATERAL (SELECT regexp_replace(event_id, '^e', 'k-') AS id) AS i, LATERAL (SELECT split_part(id, '-', 1) AS sender, split_part(id, '-', 2)::bigint AS n) AS s
		WHERE CASE sender
			WHEN 'm' THEN (event_name, anonymous_id, properties ->> 'url', rtrim(properties ->> 'fill', 'x')) IS DISTINCT FROM ('page_view', 'a-' || n % 1000, 'http://shop.example/', '')
				OR properties ->> 'fill' = '' OR abs(extract(epoch FROM received_at - occurred_at)) > 7200 + 600
			WHEN 'r' THEN (event_name, anonymous_id, properties ->> 'page') IS DISTINCT FROM ('page_view', 'r-' || n % 100, CASE WHEN n % 2 = 1 THEN '/p/' || n END)
			WHEN 'k' THEN (event_name, user_id, occurred_at) IS DISTINCT FROM ('click', 'u1', '2026-03-29T13:05:00Z'::timestamptz)
			ELSE (event_name, properties ->> 'n') IS DISTINCT FROM ('closing', n::text) END
		LIMIT 5}), '', "$what: each as it was sent");
	return;
}

1;
