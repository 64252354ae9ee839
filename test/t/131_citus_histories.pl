# Random histories of a pipeline on a table that Citus distributes: writers on the coordinator and on both workers, and meanwhile crashes of
# workers, moves and splits of shards, DDL and changes of the pipeline. Whenever the writers rest, the star is, to the last column, that of
# one node with the same raw rows, the same seals and the same rules.
#
#   SEED=…           the same random choices again (which of two writers comes first stays with the machine)
#   TRANSACTIONS=…   how many the writers must have committed in all
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(WNOHANG);
use StarComparison qw(same_star copy_raw_rows);
use Test::More;
use Time::HiRes qw(usleep time);

plan skip_all => no_citus() if no_citus();

my $seed = $ENV{SEED} // int(time());
my $wanted = $ENV{TRANSACTIONS} // 400;
# of each of the four writers, between two comparisons
my $piece = $wanted < 2000 ? 50 : 400;
my $keys = 60;
srand($seed);
my $partitioned = rand() < 0.5;
diag("SEED=$seed TRANSACTIONS=$wanted " . ($partitioned ? 'partitioned' : 'not partitioned'));

my $conf = "fsync = off\nautovacuum = off\nlog_min_messages = fatal\nsessionize.large_key_rows = 200\n";
my $cluster = CitusCluster->start(workers => 2, conf => $conf);
my $single = single_node($conf);
my %count = (transactions => 0, refused => 0);
my $round = 0;

sub pick { return $_[ rand @_ ]; }

# On both sides.
sub on_both { my ($sql) = @_; $cluster->sql($sql); return $single->safe_psql('postgres', $sql); }

# Run SQL on the coordinator until it succeeds; what a worker that is down refuses is tried again.
sub insist
{
	my ($sql) = @_;
	my ($out, $err);

	for (1 .. 60)
	{
		return $out if $cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err, on_error_stop => 1) == 0;
		my ($message) = $err =~ /ERROR:  (.*)/;
		$count{ 'refused: ' . (defined $message ? $message =~ s/\d+/N/gr =~ s{/\S+}{PATH}gr : $err) }++;
		usleep(500_000);
	}
	diag("given up: $sql: $err");
	die $err;
}

sub day { my ($number) = @_; return sprintf("'2026-01-01Z'::timestamptz + %.6f * interval '1 day'", $number); }

my $table = q{
	CREATE SCHEMA raw;
	CREATE TABLE raw.events (anonymous_id text, event_id text, event_name text, user_id text, page text, occurred_at timestamptz, sent_at timestamptz,
		received_at timestamptz, amount numeric, raw_id bigint)} . ($partitioned ? 'PARTITION BY RANGE (received_at);
	CREATE TABLE raw.events_others PARTITION OF raw.events DEFAULT;' : ';') . '
	CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id);';
my $create = q{SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id', max_duration => '3 hours')};
on_both($table);
$cluster->sql("SELECT create_distributed_table('raw.events', 'anonymous_id')");
on_both($create);
# what is a mass deletion on one node is a TRUNCATE, or many small ones, on the cluster
on_both(q{SELECT sessionize.set_fuse('web', enabled => false)});
on_both("CALL sessionize.rebuild('web')");
$cluster->sql("SELECT sessionize.schedule('web', '300 milliseconds')");

# What the writers do. Each row has a number of its own; duplicates share their event's id.
my $raw_id = 0;
my @recent;

sub quoted { my ($text) = @_; return defined $text ? "'$text'" : 'NULL'; }

sub new_row
{
	my $day = $round + rand(2) ** 2 - (rand() < 0.1 ? rand(4) : 0);
	my $copied = @recent && rand() < 0.15 ? pick(@recent) : undef;
	my %row = (
		key => 'k' . int($keys * rand() ** 2), id => 'e' . ++$raw_id, name => pick(qw(page_view page_view click), undef), user => pick('u' . int(rand 20), undef),
		page => '/' . int(rand 30), at => rand() < 0.02 ? "'infinity'" : day($day), raw_id => $raw_id);

	if ($copied) { $row{key} = $copied->{key}; $row{id} = $copied->{id}; $row{at} = $copied->{at} if rand() < 0.5; }
	$row{id} = undef if rand() < 0.03;
	push @recent, \%row if $row{at} !~ /infinity/;
	splice(@recent, int(rand @recent), 1) if @recent > 100;
	return sprintf("(%s, %s, %s, %s, '%s', %s, %s, %s, %d, %d)", (map { quoted($row{$_}) } qw(key id name user)), $row{page}, $row{at},
		rand() < 0.2 ? day($day + rand(0.1)) : 'NULL', day($day + rand(0.2)), int(rand 100), $row{raw_id});
}

my $columns = 'anonymous_id, event_id, event_name, user_id, page, occurred_at, sent_at, received_at, amount, raw_id';

sub some_row { return @recent ? pick(@recent) : { key => 'k0', raw_id => 1 }; }

sub statement
{
	my $row = some_row();
	my $which = "anonymous_id = '$row->{key}' AND raw_id = $row->{raw_id}";
	my $dice = rand();

	return "INSERT INTO raw.events ($columns) VALUES " . join(', ', map { new_row() } 1 .. 1 + rand 6) . ';' if $dice < 0.62;
	return 'UPDATE raw.events SET occurred_at = ' . day($round + rand(2)) . " WHERE $which;" if $dice < 0.70;
	return 'UPDATE raw.events SET page = ' . quoted('/' . int(rand 30)) . ", event_name = 'page_view' WHERE $which;" if $dice < 0.76;
	return "DELETE FROM raw.events WHERE $which;" if $dice < 0.84;
	return "DELETE FROM raw.events WHERE raw_id = $row->{raw_id};" if $dice < 0.88;
	return 'UPDATE raw.events SET user_id = ' . quoted('u' . int(rand 20)) . ' WHERE raw_id % 53 = ' . int(rand 53) . ';' if $dice < 0.91;
	return 'DELETE FROM raw.events WHERE raw_id % 211 = ' . int(rand 211) . ';' if $dice < 0.93;
	return 'COPY raw.events (' . $columns . ") FROM STDIN;\n" . join('', map { copy_line(new_row()) } 1 .. 1 + rand 20) . '\.' if $dice < 0.97;
	my $first = $raw_id + 1;
	$raw_id += 20;
	return "INSERT INTO raw.events ($columns) SELECT 'k' || (i * 7) % $keys, 's' || i, 'click', NULL, '/s', " . day($round + rand) . " + i * interval '1 minute', NULL, "
	  . day($round + 1) . ", 1, i FROM generate_series($first, $raw_id) AS i;";
}

# The same row as a line for COPY; times are computed here, where INSERT has an expression.
sub copy_line
{
	my ($values) = @_;
	my @values = map { s/^\s+//r } split /, (?![^(]*\))/, $values =~ s/^\(|\)$//gr;

	return join("\t", map { $_ eq 'NULL' ? '\N' : /^'2026-01-01Z'::timestamptz \+ (\S+)/ ? time_of($1) : s/^'(.*)'$/$1/r } @values) . "\n";
}

sub time_of { my ($day) = @_; my @t = gmtime(1767225600 + int($day * 86400)); return sprintf('%04d-%02d-%02d %02d:%02d:%02dZ', $t[5] + 1900, $t[4] + 1, @t[ 3, 2, 1, 0 ]); }

sub writer
{
	my ($node, $transactions) = @_;
	my $run = { script => '' };

	for (1 .. $transactions)
	{
		$run->{script} .= "BEGIN;\n" . join("\n", map { statement() } 1 .. 1 + rand 2) . "\n" . (rand() < 0.04 ? 'ROLLBACK' : 'COMMIT') . ";\n";
		$run->{script} .= 'SELECT pg_sleep(' . rand(0.02) . ");\n" if rand() < 0.3;
	}
	# a process of its own: what it reads and writes are files, so that nothing depends on when somebody looks at it
	$run->{file} = $single->basedir . '/writer' . ++$count{writers};
	append_to_file("$run->{file}.sql", $run->{script});
	$run->{pid} = fork() // die "fork: $!";
	if ($run->{pid} == 0)
	{
		open(STDIN, '<', "$run->{file}.sql");
		open(STDOUT, '>', "$run->{file}.out");
		open(STDERR, '>', "$run->{file}.err");
		exec('psql', '-X', '-A', '-t', '-d', $node->connstr('postgres')) or POSIX::_exit(1);
	}
	return $run;
}

sub any_writing { return grep { $_->{done} //= waitpid($_->{pid}, WNOHANG) != 0 || undef; !$_->{done} } @_; }

sub finish
{
	my ($run) = @_;

	waitpid($run->{pid}, 0) unless $run->{done};
	$count{transactions} += () = slurp_file("$run->{file}.out") =~ /^COMMIT$/mg;
	$count{ 'writers: ' . $_ }++ for map { s/\d+/N/gr =~ s{/\S+}{PATH}gr } slurp_file("$run->{file}.err") =~ /ERROR:  (.*)/g;
	unlink glob("$run->{file}.*");
	return;
}

# What happens while they write. Only the definition counts for the comparison; the single node gets it later.
my @ddl;
my $columns_added = 0;
my $measures = 0;
my %partitions;

sub attach { return insist("SELECT count(*) FROM sessionize.attach_shards('web')"); }

# After a call that failed on one of the servers the shards are not alike, and every further call is an error until they are.
sub change_pipeline
{
	my ($sql) = @_;
	my ($out, $err);

	for (1 .. 60)
	{
		return push @ddl, $sql if $cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err, on_error_stop => 1) == 0;
		$count{'refused: ' . ($err =~ /ERROR:  (.*)/ ? $1 =~ s/\d+/N/gr =~ s{/\S+}{PATH}gr : $err)}++;
		usleep(500_000);
		attach();
	}
	die "given up: $sql";
}

my %actions = (
	crash => sub { my $worker = 1 + int(rand 2); rand() < 0.5 ? $cluster->crash_worker($worker) : $cluster->restart_worker($worker); },
	gap => sub { change_pipeline("SELECT sessionize.alter_pipeline('web', gap => '" . (10 + int(rand 50)) . " minutes')"); },
	dedup => sub { change_pipeline("SELECT sessionize.alter_pipeline('web', dedup_window => '" . (1 + int(rand 200)) . " hours')"); },
	measure => sub {
		if (rand() < 0.6) { $measures++; change_pipeline_once("SELECT sessionize.add_measure('web', 'm$measures', 'sum', 'amount')", "m$measures", 1); }
		elsif ($measures) { change_pipeline_once("SELECT sessionize.drop_measure('web', 'm$measures')", "m$measures", 0); $measures--; }
	},
	column => sub { $columns_added++; my $sql = "ALTER TABLE raw.events ADD COLUMN IF NOT EXISTS extra$columns_added int DEFAULT $columns_added"; insist($sql); push @ddl, $sql; },
	index => sub { insist('CREATE INDEX ON raw.events (' . pick(qw(page raw_id user_id)) . ')'); },
	partition => sub {
		my $day = $round + 12 + int(rand 5);
		return if !$partitioned || $partitions{$day}++;
		my $sql = "CREATE TABLE IF NOT EXISTS raw.events_d$day PARTITION OF raw.events FOR VALUES FROM ('" . time_of($day) . "') TO ('" . time_of($day + 1) . "')";
		insist($sql);
		push @ddl, $sql;
	},
	truncate => sub { insist('TRUNCATE raw.events'); },
	move => sub {
		my $shard = pick($cluster->shards('raw.events'));
		eval { $cluster->move_shard($shard, 3 - $shard->{worker}, 'block_writes'); 1 } or $count{'a move was refused'}++;
		attach();
	},
	split => sub {
		my @shards = $cluster->shards('raw.events');
		return if @shards > 7;
		eval { $cluster->split_shard(pick(@shards), 1 + int(rand 2), 1 + int(rand 2), 'block_writes'); 1 } or $count{'a split was refused'}++;
		attach();
	},
	refresh => sub { insist("CALL sessionize.refresh('web')"); },
	rebuild => sub { insist("CALL sessionize.rebuild('web')"); },
	attach => \&attach,
);

# Such a call fails the second time, if the first one had done it on some shards: attach_shards decides what the definition is.
sub change_pipeline_once
{
	my ($sql, $measure, $there) = @_;

	for (1 .. 60)
	{
		my ($out, $err);
		return push @ddl, $sql if $cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err, on_error_stop => 1) == 0;
		$count{'refused: ' . ($err =~ /ERROR:  (.*)/ ? $1 =~ s/\d+/N/gr =~ s{/\S+}{PATH}gr : $err)}++;
		usleep(500_000);
		attach();
		return push @ddl, $sql if ($cluster->sql("SELECT definition::text ~ '\"$measure\"' FROM sessionize.distributed_pipelines WHERE pipeline_name = 'web'") eq 't') == $there;
	}
	die "given up: $sql";
}

sub choose
{
	my $dice = rand();

	return $dice < 0.02 ? 'truncate' : $dice < 0.2 ? 'crash' : $dice < 0.4 ? 'move' : $dice < 0.48 ? 'split' : pick(qw(gap dedup measure column index partition refresh rebuild attach gap measure));
}

# What must hold when nobody writes.
sub holds
{
	my ($name) = @_;
	my $accounts = "SELECT to_jsonb(r) FROM sessionize.reconcile('web') AS r";
	my $ok = is(insist("SELECT pending, difference, event_difference FROM sessionize.reconcile('web')"), '0|0|0', "$name: the accounts close");

	$ok &= is(insist($accounts), $single->safe_psql('postgres', $accounts), "$name: and are those of one node");

	$ok &= is(insist("SELECT count(*) FROM sessionize.verify('web')"), '0', "$name: verify() is empty");
	$ok &= is($cluster->sql('SELECT count(*) FROM sessionize.shard_problems()'), '0', "$name: no shard has a problem");
	$ok &= same_star($cluster, $single, $name, relations => [qw(sessions events quarantine late sealed sessions_live)]);
	return $ok;
}

sub settle
{
	$cluster->recover;
	attach();
	insist("CALL sessionize.refresh('web')");
	$single->safe_psql('postgres', "$_") for splice @ddl;
	copy_raw_rows($cluster, $single, 'raw.events');
	$single->safe_psql('postgres', "CALL sessionize.refresh('web')");
	return;
}

# While nobody writes: what depends on the moment at which it is done.
sub quiet_change
{
	my $dice = rand();

	if ($dice < 0.35)
	{
		# a column that came changes what is kept of whole rows: one node can't be sealed then either
		if ($single->safe_psql('postgres', 'SELECT count(*) FROM sessionize.rebuild_need') > 0)
		{
			insist("CALL sessionize.rebuild('web')");
			$single->safe_psql('postgres', "CALL sessionize.rebuild('web')");
		}
		my $sql = "SELECT * FROM sessionize.seal('web', " . day($round - 1 + rand) . ')';
		is(insist($sql), $single->safe_psql('postgres', $sql), 'seal says the same') || diag($sql);
		$count{seal}++;
		if (rand() < 0.5) { on_both('DELETE FROM raw.events WHERE received_at < ' . day($round - 2)); $count{retention}++; }
	}
	elsif ($dice < 0.65)
	{
		my $key = $single->safe_psql('postgres', 'SELECT anonymous_id FROM raw.events ORDER BY md5(anonymous_id || ' . int(rand 1000) . ') LIMIT 1');
		return if $key eq '';
		my $sql = "SELECT * FROM sessionize.erase_user('web', '$key')";
		is(insist($sql), $single->safe_psql('postgres', $sql), 'erase_user says the same');
		$count{erase}++;
	}
	return;
}

my $began = time();
my $broken = 0;
while ($count{transactions} < $wanted)
{
	my @writers = map { writer($_, $piece) } $cluster->coordinator, $cluster->nodes;

	$round++;
	for (my $n = 1; $n <= 2 || (any_writing(@writers) && $n < 8); $n++)
	{
		usleep(rand 1_500_000);
		my $action = choose();
		$actions{$action}->();
		$count{$action}++;
	}
	finish($_) for @writers;
	settle();
	$broken++ unless holds("round $round");
	last if $broken > 3;
	quiet_change();
	diag(sprintf('round %d: %d transactions, %d rows, %d shards, %d s', $round, $count{transactions}, $single->safe_psql('postgres', 'SELECT count(*) FROM raw.events'),
		scalar($cluster->shards('raw.events')), time() - $began)) if $ENV{TRANSACTIONS};
}

# Every sort of action once, however the dice fell.
for my $action (sort keys %actions)
{
	next if $count{$action} || $broken;
	my @writers = map { writer($_, 10) } $cluster->nodes;
	usleep(300_000);
	$actions{$action}->();
	$count{$action}++;
	finish($_) for @writers;
}
$round++;
settle();
holds('at the end');
insist("CALL sessionize.rebuild('web')");
$single->safe_psql('postgres', "CALL sessionize.rebuild('web')");
holds('after a rebuild');
cmp_ok($count{transactions}, '>=', $broken ? 0 : $wanted, 'so many transactions were committed');
diag(join("\n", map { "$_: $count{$_}" } sort keys %count));
if ($broken) { for my $node ($cluster->nodes, $single) { my $log = slurp_file($node->logfile); diag(join("\n", $node->name, (grep { /sessionize/ } split /\n/, $log)[ -5 .. -1 ])); } }
$cluster->stop;
$single->stop('immediate');
done_testing();
