# CitusCluster: what tests of distributed tables share: a coordinator and its workers, private throwaway clusters on this machine that
# reach each other through Unix sockets, and a single node with the same settings to compare them with.
#
#   plan skip_all => no_citus() if no_citus();
#   my $cluster = CitusCluster->start(workers => 2);
#   my $single = single_node();
package CitusCluster;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionServer qw(kill_server server_comes_back);
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(no_citus single_node);

our $started = 0;

# Why there can be no test; nothing if there can.
sub no_citus
{
	my $share = `pg_config --sharedir`;

	chomp $share;
	return -e "$share/extension/citus.control" ? undef : 'Citus is not installed: no citus.control in the folder of the server\'s extensions';
}

# A node whose settings are those of all nodes of a cluster, but for the libraries that are loaded. Further settings are a text, or a
# function that makes it of the host by which the node is reached.
sub make_node
{
	my ($name, $libraries, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	# "logical" is what moves of shards need
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = '$libraries'
max_prepared_transactions = 200
max_connections = 200
max_worker_processes = 40
max_logical_replication_workers = 12
max_replication_slots = 30
max_wal_senders = 30
wal_keep_size = 1GB
max_locks_per_transaction = 256
shared_buffers = 64MB
restart_after_crash = on
jit = off
CONF
	$node->append_conf('postgresql.conf', ref $conf ? $conf->($node->host) : $conf) if defined $conf;
	$node->start;
	return $node;
}

# A node without Citus, with the extension, to compare a cluster with. Takes what is to be appended to postgresql.conf.
sub single_node
{
	my ($conf) = @_;
	my $node = make_node('single' . $started++, 'pg_sessionize', $conf);

	$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize');
	return $node;
}

# A coordinator without shards of its own, and workers. Options: workers (2), conf (what is to be appended to postgresql.conf of each
# node), shard_count (4; each shard with work for a pipeline's worker takes a process).
sub start
{
	my ($class, %options) = @_;
	my $self = bless { conf => "citus.shard_count = " . ($options{shard_count} // 4) . "\n" . ($options{conf} // ''), workers => [] }, $class;

	$self->{number} = $started++;
	$self->{coordinator} = $self->new_node("coordinator$self->{number}");
	$self->sql(sprintf q{SELECT citus_set_coordinator_host('%s', %d)}, address($self->{coordinator}));
	$self->add_worker for 1 .. $options{workers} // 2;
	# Citus makes it on the workers, and on those that are added later
	$self->sql('CREATE EXTENSION pg_sessionize');
	return $self;
}

# A node of the cluster that Citus does not know yet.
sub new_node
{
	my ($self, $name) = @_;
	# a node connects to itself as well
	my $node = make_node($name, 'citus, pg_sessionize', sub { my ($host) = @_; return "citus.local_hostname = '$host'\n$self->{conf}" });

	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	trust_plugin($node);
	return $node;
}

# Some servers let only plugins that are named decode their log; a split of a shard uses Citus'.
sub trust_plugin
{
	my ($node) = @_;
	my $name = 'output_plugin_libraries';
	my $trusted = $node->safe_psql('postgres', "SELECT setting FROM pg_settings WHERE name = '$name'");

	return if $trusted eq '';
	$node->append_conf('postgresql.conf', "$name = '$trusted, citus'");
	$node->reload;
	return;
}

# Host and port by which the other nodes reach a node: the folder of its socket.
sub address { my ($node) = @_; return ($node->host, $node->port); }

# Add a worker, which has no shards before a rebalance or a move; the worker.
sub add_worker
{
	my ($self) = @_;
	my $node = $self->new_node("worker$self->{number}x" . (1 + $self->workers));

	$self->sql(sprintf q{SELECT citus_add_node('%s', %d)}, address($node));
	push @{ $self->{workers} }, $node;
	return $node;
}

sub coordinator { my ($self) = @_; return $self->{coordinator}; }

# The workers, in the order in which they were added.
sub workers { my ($self) = @_; return @{ $self->{workers} }; }

# A worker by its number, from 1.
sub worker { my ($self, $number) = @_; return $self->{workers}[ $number - 1 ]; }

sub nodes { my ($self) = @_; return ($self->coordinator, $self->workers); }

# Run SQL on the coordinator; its output.
sub sql { my ($self, $sql) = @_; return $self->coordinator->safe_psql('postgres', $sql); }

# Run SQL on each worker; the outputs, in the order of the workers.
sub on_workers { my ($self, $sql) = @_; return map { $_->safe_psql('postgres', $sql) } $self->workers; }

# The shards of a table in the order of their ranges: { id, name, worker }, worker by its number, 0 for the coordinator.
sub shards
{
	my ($self, $table) = @_;
	my %number = map { ($self->worker($_)->port => $_) } 1 .. $self->workers;
	my @rows = split /\n/, $self->sql(qq{SELECT shardid, shard_name, nodeport FROM citus_shards JOIN pg_dist_shard USING (shardid)
		WHERE table_name = '$table'::regclass ORDER BY shardminvalue::int});

	return map { my ($id, $name, $port) = split /\|/; { id => $id, name => $name, worker => $number{$port} // 0 } } @rows;
}

# The shard that has a value of the distribution column: { id, name, worker }.
sub shard_of
{
	my ($self, $table, $value) = @_;
	my $id = $self->sql("SELECT get_shard_id_for_distribution_column('$table', '$value')");

	return (grep { $_->{id} == $id } $self->shards($table))[0];
}

# Move a shard, and what is colocated with it, to another worker. Mode: 'force_logical', with which writes go on meanwhile, or
# 'block_writes'.
sub move_shard
{
	my ($self, $shard, $worker, $mode) = @_;

	$mode //= 'force_logical';
	return $self->sql(sprintf q{SELECT citus_move_shard_placement(%d, '%s', %d, '%s', %d, '%s')},
		$shard->{id}, address($self->worker($shard->{worker})), address($self->worker($worker)), $mode);
}

# Split a shard in two at the middle of its range, the halves on workers of these numbers; what is colocated with it is split alike.
sub split_shard
{
	my ($self, $shard, $first, $second, $mode) = @_;
	my $point = $self->sql("SELECT ((shardminvalue::bigint + shardmaxvalue::bigint) / 2)::int FROM pg_dist_shard WHERE shardid = $shard->{id}");
	my @ids = map { $self->node_id($_) } $first, $second;

	$mode //= 'force_logical';
	return $self->sql("SELECT citus_split_shard_by_split_points($shard->{id}, ARRAY['$point'], ARRAY[$ids[0], $ids[1]], '$mode')");
}

# Citus' number of a worker.
sub node_id
{
	my ($self, $worker) = @_;

	return $self->sql('SELECT nodeid FROM pg_dist_node WHERE nodeport = ' . $self->worker($worker)->port);
}

# Spread the shards over the workers evenly, and wait until that is done.
sub rebalance
{
	my ($self) = @_;

	return $self->sql('SELECT rebalance_table_shards(shard_transfer_mode => \'force_logical\')');
}

# Stop a worker at once, as an immediate shutdown does, and start it again.
sub restart_worker
{
	my ($self, $worker) = @_;

	$self->worker($worker)->stop('immediate');
	$self->worker($worker)->start;
	return;
}

# Kill all processes of a worker, as a crash of the machine does, and start it again.
sub crash_worker
{
	my ($self, $worker) = @_;

	kill_server($self->worker($worker));
	server_comes_back($self->worker($worker), 1);
	return;
}

# Back up a worker as it is now; the folder of the backup.
sub copy_worker
{
	my ($self, $worker) = @_;
	my $node = $self->worker($worker);
	my $copy = $node->basedir . '/copy' . ++$self->{copies};

	system_or_bail('pg_basebackup', '-D', $copy, '-h', $node->host, '-p', $node->port, '--checkpoint', 'fast', '--no-sync');
	return $copy;
}

# Lose a worker with all it has, and start its backup in its place. With newest => 1, the backup is brought up to the last transaction by
# the log that was archived.
sub restore_worker
{
	my ($self, $worker, $copy, %options) = @_;
	my $node = $self->worker($worker);
	my $lost = $self->lose_worker($worker);

	system_or_bail('cp', '-a', $copy, $node->data_dir);
	if ($options{newest})
	{
		$node->append_conf('postgresql.conf', "restore_command = 'cp $lost/pg_wal/%f %p'\n");
		append_to_file($node->data_dir . '/recovery.signal', '');
	}
	$node->start;
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'the backup does not come up';
	return;
}

# A worker's machine is gone; where its data directory is, of which only the archived log may be used.
sub lose_worker
{
	my ($self, $worker) = @_;
	my $node = $self->worker($worker);
	my $lost = $node->basedir . '/lost' . ++$self->{copies};

	$node->stop('immediate');
	rename($node->data_dir, $lost) or die "rename: $!";
	return $lost;
}

# Start an empty server in the place of a worker that was lost, with Citus and nothing else.
sub replace_worker
{
	my ($self, $worker) = @_;
	my $node = $self->worker($worker);
	my $lost = $self->lose_worker($worker);

	system_or_bail('initdb', '-D', $node->data_dir, '-A', 'trust', '-N', '--locale=C', '--encoding=UTF8');
	for my $file ('postgresql.conf', 'pg_hba.conf')
	{
		unlink($node->data_dir . "/$file");
		append_to_file($node->data_dir . "/$file", slurp_file("$lost/$file"));
	}
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	return;
}

# Wait until no distributed transaction is half done: one that a crash interrupted is finished by Citus' maintenance daemon, or by us.
sub recover
{
	my ($self) = @_;

	for (1 .. 600)
	{
		$self->sql('SELECT recover_prepared_transactions()');
		return if !grep { $_ } $self->on_workers('SELECT count(*) FROM pg_prepared_xacts');
		usleep(100_000);
	}
	die 'transactions stay prepared';
}

sub stop
{
	my ($self) = @_;

	$_->stop('immediate') for $self->nodes;
	return;
}

1;
