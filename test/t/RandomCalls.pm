# RandomCalls: statements that call functions of the extension with arguments that nobody would
# think of.
#
# What there is to call comes from the catalog, so a new function is called without anybody's doing.
# An argument is chosen by its type, and a text often by the argument's name as well, or most calls
# would end at the first check. All choices are rand()'s: who calls srand() gets the same statements
# again.
package RandomCalls;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;

our @EXPORT_OK = qw(functions_sql read_functions statement forged_statement one_of quoted);

sub one_of { return $_[ int(rand(@_)) ]; }
sub chance { return rand() < $_[0]; }

sub quoted
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return $text =~ /\\/ ? 'E' . "'" . $text =~ s/\\/\\\\/gr . "'" : "'$text'";
}

# SQL of all functions, procedures and aggregates that belong to the extension, one as JSON in each row.
sub functions_sql
{
	return q{
SELECT json_build_object('name', format('%I.%I', n.nspname, p.proname), 'kind', p.prokind,
	'result', format_type(p.prorettype, NULL), 'variadic', p.provariadic <> 0,
	'defaults', p.pronargdefaults, 'names', p.proargnames[1:p.pronargs],
	'types', (SELECT coalesce(json_agg(format_type(t.oid, NULL) ORDER BY t.n), '[]')
		FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t(oid, n)))
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'pg_sessionize' ORDER BY p.proname, pg_get_function_identity_arguments(p.oid)};
}

my (%composites, @internals);

# The functions of functions_sql's rows. The second argument is a hash of composite types: from name
# to a list of the columns' types.
sub read_functions
{
	my ($rows, $types) = @_;
	my @functions = map { JSON::PP::decode_json($_) } split /\n/, $rows;

	%composites = %$types;
	@internals  = grep { $_->{result} eq 'internal' } @functions;
	return @functions;
}

my @pipelines = ('shop', 'shop', 'shop', 'days', 'sealed', 'Web "shop"; --');
my @names     = (
	'', ' ', 'none', 'SHOP', q{'}, q{"}, q{o'clock "x"}, 'x' x 63, 'y' x 64, 'z' x 5000,
	"tab\tand\nline", 'pg_catalog', 'sessionize', 'public', '$$', '%I', '\\', "\x{7f}");
my @expressions = (
	'visitor',                     'at',
	'event_id',                    'raw_id',
	'page',                        'name',
	'amount',                      'r',
	'visitor',                     'at',
	'"odd ""column"',              'upper(visitor)',
	"at + interval '1 day'",       "coalesce(visitor, page)",
	'ctid',                        'xmin',
	'tableoid',                    'nothing',
	'1/0',                         'amount / (amount - amount)',
	'random()',                    'now()',
	'count(*)',                    'lag(at) OVER ()',
	'(SELECT 1)',                  'ROW(visitor, at)',
	'ARRAY[visitor, page]',        'visitor::int',
	'NULL',                        'true',
	'1',                           q{''},
	'at IS NULL',                  q{name = 'view'},
	q{name LIKE '%b%'},            'visitor, at',
	'visitor; DROP TABLE raw',     'visitor) --',
	'*',                           'raw',
	'raw.*',                       ')',
	'(' x 3000 . '1' . ')' x 3000, 'NOT ' x 10000 . 'true',
	'visitor || ' x 2000 . 'page', 'sessionize.session_count(at, gap)',
	'generate_series(1, 3)',       '$1',
	'CURRENT_USER');
my @patterns = (
	'(?1)(?2)',                      '(?1).*(?2)',
	'(?1)(?t<=60)(?2)',              '(?1)(?t>0).*(?t<=86400)(?3)',
	'(?1)(?1)(?1)',                  '.',
	'.*',                            '.' x 40,
	'(?32)',                         '(?33)',
	'(?0)',                          '(?99999999999999999999)',
	'(?1',                           '(?t>=-1)',
	'(?t<=9223372036854775808)(?1)', '.*' x 30);
my @words = (
	'strict_increase', 'strict_once',              'strict_order', 'strict_deduplication',
	'allow_reentry',   'strict_order,strict_once', 'strict',       'first',
	'last',            'linear',                   'time_decay',   'position',
	'keep',            'repeats',                  'cycles',       'head',
	'tail',            'first_match',              'last_match',   'day',
	'week',            'month',                    'n_day',        'unbounded',
	'bracket',         'none',                     'UTC',          'Europe/Berlin',
	'Mars/Base',       'gap',                      'max_events',   'midnight',
	'dedup_window', 'warn', 'quarantine');
my @contract = (
	'1-0-0', '1-0-1', '1.0.0', '1.0.0-rc.1', '1.0.1+x', 'NONE', 'FULL_TRANSITIVE', '*',
	'snake_case', '^[a-z]+$', '^(', 'event', 'property');
my @keys  = ('v1', 'v2', 'v3', '3', 'new', '', 'k' x 3000);
my %texts = (
	pipeline   => \@pipelines,
	expression => \@expressions,
	pattern    => \@patterns,
	word       => \@words,
	contract   => \@contract,
	key        => \@keys,
	name       => \@names);

sub any_text
{
	return one_of(@{ $texts{ one_of(sort keys %texts) } }, 'a' x one_of(1, 100, 100_000));
}

# A text for an argument of this name.
sub text_value
{
	my ($name) = @_;
	my $kind =
		$name =~ /pipeline|^name$/                                             ? 'pipeline'
	  : $name =~ /pattern/                                                     ? 'pattern'
	  : $name eq 'key' && chance(0.5)                                          ? 'key'
	  : $name =~ /^(?:version|supersedes|about|compatibility|what|rule)$/      ? 'contract'
	  : $name =~ /mode|zone|every|unset|midnight|model|unit|kind|loops/        ? 'word'
	  : $name =~ /key|time|_at$|ts|event|user|page|raw|restart|step|partition/ ? 'expression'
	  :                                                                          undef;

	return quoted($kind && chance(0.8) ? one_of(@{ $texts{$kind} }) : any_text()) . '::text';
}

my @tables = (
	'raw',                        'raw',
	'raw_days',                   'raw_sealed',
	'raw_days_1',                 'nobody.raw',
	'nothing',                    'no_columns',
	'a_view',                     'a_matview',
	'a_sequence',                 'many_visitor_idx',
	'a_type',                     'unlogged',
	'foreign_rows',               'children',
	'policed',                    'pg_class',
	'pg_statistic',               'pg_largeobject',
	'information_schema.columns', 'pg_stat_activity',
	'sessionize.pipeline',        'sessionize.pipelines',
	'shop.fact_session',          'shop.source',
	'shop.sessions',              'many');

my %pools = (
	'timestamp with time zone' => [
		qw(infinity -infinity epoch now),
		'4714-11-24 00:00:00+00 BC',
		'294276-12-31 23:59:59.999999+00',
		'0001-01-01 00:00+00',
		'9999-12-31 23:59:59.999999+00',
		'2026-03-29 01:30+01',
		'2026-01-01 00:00+00',
		'2026-01-02 12:00+00',
		'2026-01-03 00:00+00',
		'1970-01-01 00:00:00.000001+00',
		'2026-02-01 00:00+00' ],
	'timestamp without time zone' =>
	  [ qw(infinity -infinity epoch), '2026-01-01', '4714-11-24 BC', '294276-12-31' ],
	interval => [
		'0',
		'1 microsecond',
		'-1 microsecond',
		'30 minutes',
		'30 minutes',
		'1 day',
		'1 mon',
		'-1 mon',
		'1 mon -30 days',
		'-1 year 400 days',
		'2147483647 mons',
		'-2147483648 mons',
		'2147483647 days',
		'-2147483648 days',
		'2147483647 mons 2147483647 days 2562047788:00:54.775807',
		'-2147483648 mons -2147483648 days -2562047788:00:54.775808',
		'106751991 days',
		'106751992 days',
		'2562047788:00:54.775807',
		'-30 minutes',
		'1 day -24 hours',
		'1000 years',
		'1 second' ],
	boolean            => [qw(true false)],
	integer            => [qw(0 1 -1 2 3 7 31 32 33 1000 20260101 2147483647 -2147483648)],
	bigint             => [qw(0 1 -1 2 31 4294967296 9223372036854775807 -9223372036854775808)],
	smallint           => [qw(0 1 -1 32767 -32768)],
	'double precision' =>
	  [qw(0 -0 1 -1 0.5 1e-320 1e308 -1e308 NaN Infinity -Infinity 0.999999999999)],
	real    => [qw(0 1 NaN Infinity 1e-40)],
	numeric => [
		qw(0 1 -1 0.5 NaN 0.00000000000000000001 99999999999999999999999999.9),
		'1' . '0' x 1000,
		'-1' . '0' x 1000 ],
	date => [
		qw(infinity -infinity 2026-01-01 2026-02-28 0001-01-01 9999-12-31 5874897-12-31),
		'4714-11-24 BC' ],
	tid   => [ '(0,0)', '(0,1)', '(4294967295,65535)' ],
	bytea => [
		'\x', '\x00', '\xff', '\x' . '00' x 24, '\x' . 'ff' x 64, '\x' . '0102030405060708' x 1000
	],
	oid   => [qw(0 1 1259 4294967295)],
	jsonb => [
		'{}', '[]', 'null', '{"a": [1, {"b": "c"}]}', '{"properties": {"a": {"$ref": "#"}}}',
		'{"contracts": [{"event_name": "view", "version": "1-0-0", "schema": {}, "about": "*"}]}',
		'{"contracts": [], "naming": {"event": "snake_case"}}' ],
	uuid  => [ '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff' ],
	point => [ '(1,2)',                                '(NaN,Infinity)' ],
	name  => [ 'shop',                                 'none' ]);

# What stands for a polymorphic type.
my @concrete = (
	'integer',  'text',    'text',      'timestamp with time zone',
	'interval', 'boolean', 'numeric',   'double precision',
	'bigint',   'date',    'uuid',      'jsonb',
	'bytea',    'text[]',  'integer[]', 'point',
	'record');

sub array_value
{
	my ($element) = @_;
	my $n = one_of(0, 1, 2, 3, 5, 31, 32, 33, 100);

	return "'{}'::$element\[]" if $n == 0;
	return "array_fill(" . value($element) . ", ARRAY[" . one_of(1, 10_000, 100_000) . "])"
	  if chance(0.08);
	return "array_fill(" . value($element) . ", ARRAY[2, 3], ARRAY[-1, 5])" if chance(0.08);
	return 'ARRAY[' . join(', ', map { value($element) } 1 .. $n) . "]::$element\[]";
}

# A value of a type, for an argument of a name, as SQL.
sub value
{
	my ($type, $name) = @_;

	return $type eq 'internal' || $type eq 'record' || $type =~ /^"?any/ ? 'NULL' : "NULL::$type"
	  if chance(0.08);
	return array_value($1)         if $type =~ /^(.*)\[\]$/;
	return text_value($name // '') if $type eq 'text';
	return chance(0.9)
	  ? quoted(one_of(@tables)) . '::regclass'
	  : one_of(0, 1, 4294967295) . '::oid::regclass'
	  if $type eq 'regclass';
	return 'ROW(' . join(', ', map { value($_) } @{ $composites{$type} }) . ")::$type"
	  if $composites{$type};
	return
	  'ROW('
	  . join(', ', map { value(one_of('integer', 'text', 'point')) } 1 .. one_of(1, 2, 5)) . ')'
	  if $type eq 'record';
	return value(one_of(@concrete)) if $type =~ /^"?any/;
	return @internals && chance(0.6) ? call(one_of(@internals), \&value) : 'NULL'
	  if $type eq 'internal';
	return quoted(one_of(@{ $pools{$type} })) . "::$type" if $pools{$type};
	return quoted(one_of('', '0', 'x')) . "::$type";
}

# The columns of the table "many", by type; r is its alias.
my %columns = (
	'timestamp with time zone' => 'ts',
	interval                   => 'gap',
	boolean                    => 'flag',
	integer                    => 'n',
	bigint                     => 'big',
	'double precision'         => 'f',
	numeric                    => 'num',
	date                       => 'd',
	text                       => 'visitor',
	'text[]'                   => 'texts',
	'boolean[]'                => 'flags',
	bytea                      => 'bytes',
	tid                        => 'ctid');

# A value that may be another for each row of "many".
sub row_value
{
	my ($type, $name) = @_;

	$type = one_of(sort keys %columns) if $type =~ /^"?any/ && chance(0.7);
	return "r.$columns{$type}"
	  if $columns{$type} && chance($type eq 'text' && ($name // '') =~ /pipeline/ ? 0.1 : 0.7);
	return value($type, $name);
}

# The arguments of a call, each as make() has it. Polymorphic types that must agree are one type.
sub arguments
{
	my ($function, $make) = @_;
	my @types  = @{ $function->{types} };
	my @names  = @{ $function->{names} // [] };
	my %stands = (
		anyelement         => one_of(@concrete),
		anycompatible      => one_of(@concrete),
		anyarray           => one_of(@concrete) . '[]',
		anynonarray        => 'integer',
		anycompatiblearray => 'integer[]');
	my $named =
		 @names == @types
	  && !grep({ $_ eq '' } @names)
	  && !$function->{variadic}
	  && $function->{kind} ne 'a'
	  && chance(0.4);
	my $required = @types - $function->{defaults};
	my @arguments;

	foreach my $i (0 .. $#types)
	{
		my $type = chance(0.97) ? $stands{ $types[$i] } // $types[$i] : one_of(@concrete);
		my $name = $names[$i]                           // '';

		if ($i >= $required)
		{
			if    ($named)      { next if chance(0.7); }
			elsif (chance(0.3)) { last; }
		}
		if ($function->{variadic} && $i == $#types)
		{
			push @arguments,
			  chance(0.3) ? 'VARIADIC ' . $make->($type) : map { $make->($type =~ s/\[\]$//r) }
			  1 .. one_of(1, 1, 2, 3, 5, 32, 33);
			next;
		}
		push @arguments, ($named ? "$name => " : '') . $make->($type, $name);
	}
	return join(', ', @arguments);
}

sub call
{
	my ($function, $make) = @_;
	return "$function->{name}(" . arguments($function, $make) . ')';
}

my @frames = (
	'',
	'ROWS BETWEEN 3 PRECEDING AND CURRENT ROW',
	'ROWS BETWEEN 2 FOLLOWING AND 5 FOLLOWING',
	'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
	'ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE TIES',
	"RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW",
	'GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW');

sub window
{
	return
		'OVER ('
	  . one_of('', 'PARTITION BY r.k ', 'PARTITION BY r.visitor, r.k ')
	  . one_of('', 'ORDER BY r.ts ', 'ORDER BY r.ts DESC NULLS FIRST ', 'ORDER BY r.n, r.ts ')
	  . one_of(@frames) . ')';
}

sub rows
{
	return one_of(
		'many AS r', 'many AS r', 'none AS r',
		'many_parts AS r',
		'(SELECT * FROM many ORDER BY visitor, ts) AS r',
		'(SELECT * FROM many LIMIT 1) AS r');
}

sub aggregate_statement
{
	my ($function) = @_;
	my $arguments = arguments($function, \&row_value);
	my $aggregate =
		"$function->{name}("
	  . (chance(0.1) ? 'DISTINCT ' : '')
	  . $arguments
	  . (chance(0.15) ? ' ORDER BY r.ts DESC, r.n' : '') . ')'
	  . (chance(0.15) ? ' FILTER (WHERE r.flag)'   : '');
	my $rows = rows();

	return "SELECT $aggregate " . window() . " FROM $rows" if chance(0.25);
	return "SELECT count($aggregate) FROM $rows" if chance(0.02);
	return "SELECT count(*) FROM (SELECT $aggregate AS a FROM $rows GROUP BY r.k) AS x "
	  . 'WHERE a IS NOT NULL'
	  if chance(0.1);
	return
		"SELECT r.k, $aggregate, count(*) FROM $rows "
	  . one_of('', '', 'WHERE r.n > 50 ', 'WHERE false ')
	  . 'GROUP BY '
	  . one_of('r.k', 'r.k', 'r.visitor, r.k', 'ROLLUP (r.k, r.visitor)',
		'GROUPING SETS ((r.k), ())')
	  . one_of('', ' HAVING count(*) > 1', ' ORDER BY 1', " HAVING $aggregate IS NOT NULL")
	  if chance(0.6);
	return "SELECT k, (SELECT $aggregate FROM many AS r WHERE r.k = o.k) "
	  . 'FROM generate_series(1, 3) AS o(k)'
	  if chance(0.3);
	return "SELECT $aggregate FROM $rows";
}

# A trigger that was made by hand, and what fires it.
sub trigger_statement
{
	my ($function) = @_;
	my $arguments = join(', ',
		map { quoted(one_of('1', '2', '7', '-1', 'shop', '', 'x' x 100)) }
		  1 .. one_of(0, 1, 1, 2, 3));
	my ($level, $events) =
	  one_of([ 'ROW', one_of('INSERT', 'INSERT OR UPDATE OR DELETE', 'UPDATE') ],
		[ 'STATEMENT', one_of('INSERT', 'TRUNCATE', 'INSERT OR UPDATE OR DELETE OR TRUNCATE') ])
	  ->@*;

	return
		'DO $do$BEGIN CREATE TEMP TABLE fired (visitor text, at timestamptz, page text); '
	  . 'CREATE TRIGGER t '
	  . one_of('BEFORE', 'AFTER')
	  . " $events ON fired FOR EACH $level EXECUTE FUNCTION $function->{name}($arguments); "
	  . q{INSERT INTO fired VALUES ('a', now()), (NULL, NULL); UPDATE fired SET visitor = 'b'; }
	  . q{DELETE FROM fired WHERE at IS NULL; TRUNCATE fired; DROP TABLE fired; END$do$};
}

sub event_trigger_statement
{
	my ($function) = @_;

	return
		'DO $do$BEGIN CREATE EVENT TRIGGER mine ON '
	  . one_of('ddl_command_end', 'ddl_command_start', 'sql_drop', 'table_rewrite')
	  . " EXECUTE FUNCTION $function->{name}(); "
	  . 'CREATE TEMP TABLE fired (a int); ALTER TABLE fired ALTER a TYPE bigint; '
	  . 'DROP TABLE fired; DROP EVENT TRIGGER mine; END$do$';
}

# Run SQL in PL/pgSQL, where an error is caught, unless it is one that must not be.
sub caught
{
	return "DO \$do\$BEGIN $_[0]; EXCEPTION WHEN others THEN "
	  . "IF SQLSTATE LIKE 'XX%' THEN RAISE; END IF; END\$do\$";
}

# The state number $n, of an aggregate with arguments of these types, changed in places and given
# back to the server as a parallel worker's. Some final functions are told the arguments' types.
sub forged_statement
{
	my ($n, $is_told, @types) = @_;
	my $state = "state_$n(" . join(', ', map { row_value($_) } @types) . ')';
	my $eight = quoted(
		one_of(
			'\x7fffffffffffffff', '\x8000000000000000',
			'\xffffffffffffffff', '\x0000000000000000',
			'\x0000000000000001')) . '::bytea';
	my $place   = 'least(length(s), ' . one_of(0, 0, 4, 8, 16, 20, 24, int(rand(500))) . ')';
	my $changed = one_of(
		's',
		"substring(s, 1, $place)",
		"substring(s, 1, $place) || $eight || substring(s, $place + 9)",
		"set_byte(s, greatest($place - 1, 0), " . int(rand(256)) . ')',
		"s || $eight",
		"s || s",
		$eight);

	my $told = $is_told ? join('', map { ", NULL::$_" } @types[ 1 .. $#types ]) : '';

	return "SELECT in_parts(format('SELECT forged_$n(%L::bytea$told) FROM one_row', $changed)) "
	  . "FROM (SELECT $state AS s FROM many AS r WHERE k < "
	  . one_of(0, 1, 3, 7)
	  . ') AS x';
}

my @shapes = (
	sub { return "SELECT $_[0]"; },
	sub { return "SELECT * FROM $_[0]"; },
	sub { return "SELECT * FROM $_[0] LIMIT 1"; },
	sub { return "SELECT $_[0], $_[0]"; },
	sub { return "SELECT count(*) FROM (VALUES (1), (2), (3)) AS v(n) WHERE ($_[0]) IS NOT NULL"; },
	sub { return "SELECT x FROM generate_series(1, 2) AS g, LATERAL (SELECT $_[0] AS x) AS l"; },
	sub { return caught("PERFORM $_[0]"); },
	sub { return caught("PERFORM * FROM $_[0]"); },
	sub {
		return 'EXPLAIN ('
		  . one_of(
			'ANALYZE',
			'ANALYZE, VERBOSE, BUFFERS',
			'VERBOSE',
			'ANALYZE, FORMAT json',
			'COSTS off') . ") SELECT * FROM $_[0]";
	},
	sub { return "COPY (SELECT * FROM $_[0]) TO STDOUT"; },
	sub { return "DEALLOCATE ALL; PREPARE p AS SELECT * FROM $_[0]; EXECUTE p; EXECUTE p"; },
	sub {
		return "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM $_[0]; FETCH 2 FROM c; "
		  . 'FETCH BACKWARD 1 FROM c; CLOSE c; COMMIT';
	},
	sub { return "SELECT CASE WHEN now() IS NULL THEN 1 END, (SELECT count(*) FROM $_[0])"; },
	sub { return "CREATE TEMP TABLE made AS SELECT * FROM $_[0]; DROP TABLE made"; });

# A statement, or several on one line, that calls this function.
sub statement
{
	my ($function) = @_;

	return trigger_statement($function) if $function->{result} eq 'trigger' && chance(0.8);
	return event_trigger_statement($function)
	  if $function->{result} eq 'event_trigger' && chance(0.8);
	return aggregate_statement($function) if $function->{kind} eq 'a' && chance(0.95);
	if ($function->{kind} eq 'w' && chance(0.95))
	{
		my $call = call($function, \&row_value);
		return "SELECT $call " . window() . ' FROM ' . rows();
	}
	if ($function->{kind} eq 'p')
	{
		my $call = 'CALL ' . call($function, \&value);
		return chance(0.2) ? caught($call) : $call;
	}
	if (chance(0.3))
	{
		my $call = call($function, \&row_value);
		my $rows = rows();

		return one_of(
			"SELECT $call FROM $rows",
			"SELECT count(*) FROM $rows WHERE ($call) IS NOT NULL",
			"SELECT r.n FROM $rows ORDER BY $call, r.n",
			"SELECT x FROM $rows, LATERAL $call AS x LIMIT 20",
			"SELECT count($call) FROM $rows GROUP BY r.k");
	}
	return one_of(@shapes)->(call($function, \&value));
}

1;
