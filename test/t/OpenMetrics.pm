# OpenMetrics: a strict reader of OpenMetrics 1.0, for tests of pages of metrics.
#
#   is_openmetrics($page, $name)               a test: the page keeps all rules of the specification
#   openmetrics_problems($page)                what is wrong with a page, a line each
#   openmetrics_value($page, $sample, %labels) the value of a sample with exactly these labels, undef if there is none
#
# What the specification says one SHOULD do is a rule here, too: TYPE, UNIT and HELP in this order, a family that has a
# TYPE and a HELP, numbers of buckets in their canonical form.
package OpenMetrics;
use strict;
use warnings;
use Exporter 'import';
use Test::More ();

our @EXPORT = qw(is_openmetrics openmetrics_problems openmetrics_value);

# The suffixes of samples by type; '' is a sample of the family's own name.
my %suffixes = (
	counter => [qw(_total _created)],
	gauge => [''],
	histogram => [qw(_bucket _count _sum _created)],
	gaugehistogram => [qw(_bucket _gcount _gsum)],
	summary => [ '', qw(_count _sum _created) ],
	info => ['_info'],
	stateset => [''],
	unknown => [''],
);

my $name_pattern = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $label_pattern = qr/[a-zA-Z_][a-zA-Z0-9_]*/;
my $escaped = qr/(?:[^"\\\n]|\\[n"\\])*/;
my $pair = qr/$label_pattern="$escaped"/;
my $labels_pattern = qr/\{(?:$pair(?:,$pair)*)?\}/;
my $number = qr/[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[Ii]nf(?:inity)?)|[Nn]a[Nn]/;
my $finite = qr/[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/;

# A page that is read: the family whose lines come now, all families by name, what is wrong.
sub read_page
{
	my ($page) = @_;
	my $self = bless { families => {}, order => [], series => {}, problems => [], line => 0 }, __PACKAGE__;
	my $bytes = $page;

	utf8::encode($bytes) if utf8::is_utf8($bytes);
	$self->problem('the page is no UTF-8') unless utf8::decode($bytes);
	$self->problem('the page does not end with # EOF') unless $bytes =~ s/(?:\A|(?<=\n))# EOF\n?\z//;
	$self->problem('a line break is missing') if length $bytes && $bytes !~ /\n\z/;
	foreach my $line (split /\n/, $bytes, -1)
	{
		$self->{line}++;
		last if $line eq '' && $self->{line} > ($bytes =~ tr/\n//);
		$line =~ /^#/ ? $self->read_descriptor($line) : $self->read_sample($line);
	}
	delete $self->{line};
	$self->check_family($_) foreach @{ $self->{order} };
	$self->check_names;
	return $self;
}

sub problem
{
	my ($self, $text) = @_;

	push @{ $self->{problems} }, (defined $self->{line} && $self->{line} > 0 ? "line $self->{line}: " : '') . $text;
	return;
}

# number returns the value of a number, infinite ones and NaN included.
sub number
{
	my ($text) = @_;

	return $text =~ /nan/i ? 'NaN' : $text =~ /^-inf/i ? -9**9**9 : $text =~ /inf/i ? 9**9**9 : $text + 0;
}

# family goes to the family of a name, whose lines must come one after the other.
sub family
{
	my ($self, $name) = @_;

	return $self->{now} if $self->{now} && $self->{now}{name} eq $name;
	if ($self->{families}{$name})
	{
		$self->problem("lines of $name are not together");
		return $self->{now} = $self->{families}{$name};
	}
	$self->{now} = $self->{families}{$name} = { name => $name, samples => [], metrics => {} };
	push @{ $self->{order} }, $self->{now};
	return $self->{now};
}

# read_descriptor reads a line that tells of a family.
sub read_descriptor
{
	my ($self, $line) = @_;
	my ($word, $name, $text) = $line =~ /^# (TYPE|UNIT|HELP) ($name_pattern) (.*)\z/s
	  or return $self->problem("neither TYPE, UNIT, HELP nor the one EOF: $line");
	my $family = $self->family($name);
	my %after = (TYPE => [qw(unit help)], UNIT => [qw(help)], HELP => []);

	$self->problem("a second $word of $name") if exists $family->{ lc $word };
	$self->problem("$word of $name after its samples") if @{ $family->{samples} };
	foreach my $other (@{ $after{$word} }) { $self->problem("$word of $name after its \U$other") if exists $family->{$other}; }
	$self->problem("an unknown type of $name: $text") if $word eq 'TYPE' && !$suffixes{$text};
	$self->problem("the unit of $name is none: $text") if $word eq 'UNIT' && $text !~ /^[a-zA-Z0-9_:]*\z/;
	$self->problem("the name $name does not end with its unit, $text") if $word eq 'UNIT' && $text ne '' && $name !~ /_\Q$text\E\z/;
	$self->problem("HELP of $name has a quote or backslash that is not escaped") if $word eq 'HELP' && $text !~ /^$escaped\z/;
	$family->{ lc $word } = $text;
	return;
}

# family_of_sample finds the family whose sample a name is: the one whose lines come now, if it can be.
sub family_of_sample
{
	my ($self, $name) = @_;
	my @families = ($self->{now} ? $self->{now} : (), reverse @{ $self->{order} });

	foreach my $family (@families)
	{
		foreach my $suffix (@{ $suffixes{ $family->{type} // 'unknown' } // [''] })
		{
			return ($family, $suffix) if $name eq $family->{name} . $suffix;
		}
	}
	return;
}

# read_labels reads the labels of a sample.
sub read_labels
{
	my ($self, $text) = @_;
	my %labels;
	my %plain = (n => "\n", '"' => '"', '\\' => '\\');

	while ($text =~ /($label_pattern)="($escaped)"/g)
	{
		my ($name, $value) = ($1, $2);

		$self->problem("the label $name twice") if exists $labels{$name};
		$self->problem("the label $name: names with __ are reserved") if $name =~ /^__/;
		$value =~ s/\\(.)/$plain{$1}/gs;
		$labels{$name} = $value;
	}
	return \%labels;
}

# key_of returns labels as a text; a label without a value is as one that is not there.
sub key_of
{
	my ($labels, @without) = @_;
	my %left = map { ($_ => $labels->{$_}) } grep { $labels->{$_} ne '' } keys %$labels;

	delete @left{@without};
	return join "\x01", map { "$_\x02$left{$_}" } sort keys %left;
}

# read_sample reads a line with a value.
sub read_sample
{
	my ($self, $line) = @_;
	my ($name, $labels, $value, $time, $exemplar) = $line =~ /^($name_pattern)($labels_pattern)? ($number)(?: ($finite))?(?: # (.+))?\z/s
	  or return $self->problem("no sample: $line");
	my ($family, $suffix) = $self->family_of_sample($name);
	my $sample = { name => $name, labels => $self->read_labels($labels // ''), value => number($value), time => $time, line => $self->{line} };

	$self->problem("a sample of no family: $name") unless $family;
	($family, $suffix) = ($self->family($name), '') unless $family;
	$self->problem("lines of $family->{name} are not together") if $self->{now} && $self->{now} != $family;
	$self->{now} = $family;
	$sample->{suffix} = $suffix;
	$self->check_exemplar($family, $sample, $exemplar) if defined $exemplar;
	$self->note_sample($family, $sample);
	return;
}

# note_sample adds a sample to its metric, whose samples must come one after the other, each once.
sub note_sample
{
	my ($self, $family, $sample) = @_;
	my $own = $sample->{suffix} eq '_bucket' ? 'le' : ($family->{type} // '') eq 'summary' ? 'quantile' : ($family->{type} // '') eq 'stateset' ? $family->{name} : '';
	my $metric = key_of($sample->{labels}, $own);
	my $series = $sample->{name} . "\x03" . key_of($sample->{labels});
	my $last = $self->{series}{$series};

	$self->problem("the same sample twice: $sample->{name}")
	  if $last && !(defined $last->{time} && defined $sample->{time} && $last->{time} < $sample->{time});
	$self->{series}{$series} = $sample;
	$self->problem("samples of one metric of $family->{name} are not together")
	  if $family->{metrics}{$metric} && $family->{last} ne $metric;
	$family->{last} = $metric;
	push @{ $family->{metrics}{$metric} }, $sample;
	push @{ $family->{samples} }, $sample;
	return;
}

# check_exemplar looks at what follows a sample after a hash sign.
sub check_exemplar
{
	my ($self, $family, $sample, $text) = @_;
	my $may = $sample->{suffix} eq '_total' || $sample->{suffix} eq '_bucket';
	my ($labels) = $text =~ /^($labels_pattern) $number(?: $finite)?\z/;

	$self->problem("$sample->{name} can't have an exemplar") unless $may;
	return $self->problem("no exemplar: $text") unless defined $labels;
	my $read = $self->read_labels($labels);
	$self->problem('an exemplar with labels of more than 128 characters') if length(join '', %$read) > 128;
	return;
}

# check_family looks at a family as a whole.
sub check_family
{
	my ($self, $family) = @_;
	my $name = $family->{name};
	my $type = $family->{type} // 'unknown';
	my %check = (counter => \&check_counter, histogram => \&check_histogram, gaugehistogram => \&check_histogram, summary => \&check_summary,
		info => \&check_info, stateset => \&check_stateset);

	$self->problem("$name has no TYPE") unless defined $family->{type};
	$self->problem("$name has no HELP") unless length($family->{help} // '');
	$self->problem("$name can't have a unit, as its type is $type") if $type =~ /^(?:info|stateset)\z/ && length($family->{unit} // '');
	$self->problem("$name: a name can't end as a sample of its type does") if grep { $_ ne '' && $name =~ /\Q$_\E\z/ } @{ $suffixes{$type} };
	foreach my $sample (@{ $family->{samples} })
	{
		$self->problem("$sample->{name} can't have the label le") if exists $sample->{labels}{le} && $sample->{suffix} ne '_bucket';
		$self->problem("$sample->{name} can't have the label quantile") if exists $sample->{labels}{quantile} && ($type ne 'summary' || $sample->{suffix} ne '');
	}
	foreach my $metric (sort keys %{ $family->{metrics} })
	{
		my @samples = @{ $family->{metrics}{$metric} };

		$self->problem("$name: some samples of a metric have a time and others have none") if (grep { defined $_->{time} } @samples) % @samples;
		$check{$type}->($self, $family, \@samples) if $check{$type};
	}
	return;
}

# check_counts looks at values that count.
sub check_counts
{
	my ($self, $samples, $whole) = @_;

	foreach my $sample (@$samples)
	{
		$self->problem("$sample->{name} counts and is $sample->{value}")
		  if $sample->{value} eq 'NaN' || $sample->{value} < 0 || ($whole && $sample->{value} != int($sample->{value}));
	}
	return;
}

sub check_counter
{
	my ($self, $family, $samples) = @_;

	$self->problem("$family->{name} has no _total") unless grep { $_->{suffix} eq '_total' } @$samples;
	$self->check_counts($samples);
	return;
}

# check_histogram: buckets grow, with what they count, up to +Inf, which has as many as there are.
sub check_histogram
{
	my ($self, $family, $samples) = @_;
	my $name = $family->{name};
	my @buckets = grep { $_->{suffix} eq '_bucket' } @$samples;
	my ($count) = grep { $_->{suffix} =~ /^_g?count\z/ } @$samples;
	my ($sum) = grep { $_->{suffix} =~ /^_g?sum\z/ } @$samples;
	my ($bound, $before, $negative);

	$self->check_counts([ @buckets, $count ? $count : () ], 1);
	foreach my $bucket (@buckets)
	{
		my $le = $bucket->{labels}{le};

		if (!defined $le || $le !~ /^(?:$finite|\+Inf)\z/) { $self->problem("a bucket of $name without a bound"); next; }
		$self->problem("a bucket of $name with the bound $le: should be a number with a point or exponent") if $le !~ /[.e]|^\+Inf\z/;
		$negative ||= number($le) < 0;
		$self->problem("buckets of $name are not in their order at $le") if defined $bound && number($le) <= $bound;
		$self->problem("buckets of $name are not cumulative at $le") if defined $before && $bucket->{value} < $before;
		($bound, $before) = (number($le), $bucket->{value});
	}
	$self->problem("$name has no bucket +Inf") unless defined $bound && $bound == 9**9**9;
	$self->problem("the count of $name is not that of its last bucket") if $count && defined $before && $count->{value} != $before;
	$self->problem("$name must have a sum, and a count, or none of both") if !$count != !$sum;
	$self->problem("$name has neither count nor sum") if !$count && !$sum && !$negative && $family->{type} eq 'histogram';
	$self->problem("the sum of $name goes down where bounds are negative") if $sum && $negative && $family->{type} eq 'histogram';
	$self->check_counts([$sum]) if $sum && !$negative && $family->{type} eq 'histogram';
	return;
}

sub check_summary
{
	my ($self, $family, $samples) = @_;

	foreach my $sample (grep { $_->{suffix} eq '' } @$samples)
	{
		my $quantile = $sample->{labels}{quantile} // 'none';

		$self->problem("a quantile of $family->{name} is $quantile") unless $quantile =~ /^$finite\z/ && $quantile >= 0 && $quantile <= 1;
		$self->problem("a quantile of $family->{name} is negative") if $sample->{value} ne 'NaN' && $sample->{value} < 0;
	}
	$self->check_counts([ grep { $_->{suffix} eq '_count' } @$samples ], 1);
	$self->check_counts([ grep { $_->{suffix} eq '_sum' } @$samples ]);
	return;
}

sub check_info
{
	my ($self, $family, $samples) = @_;

	foreach my $sample (@$samples) { $self->problem("$sample->{name} is not 1") if $sample->{value} ne '1'; }
	return;
}

sub check_stateset
{
	my ($self, $family, $samples) = @_;

	foreach my $sample (@$samples)
	{
		$self->problem("$sample->{name} lacks its label $family->{name}") unless exists $sample->{labels}{ $family->{name} };
		$self->problem("$sample->{name} is neither 0 nor 1") unless $sample->{value} =~ /^[01]\z/;
	}
	return;
}

# check_names: no name of a sample may be that of another family, or of a sample of it.
sub check_names
{
	my ($self) = @_;
	my %taken;

	foreach my $family (@{ $self->{order} })
	{
		my %own = map { ($family->{name} . $_ => 1) } '', @{ $suffixes{ $family->{type} // 'unknown' } // [''] };

		foreach my $name (sort keys %own)
		{
			$self->problem("$name is a name of $family->{name} and of $taken{$name}") if $taken{$name};
			$taken{$name} = $family->{name};
		}
	}
	return;
}

sub openmetrics_problems { my ($page) = @_; return @{ read_page($page)->{problems} }; }

sub openmetrics_value
{
	my ($page, $name, %labels) = @_;
	my $sample = read_page($page)->{series}{ $name . "\x03" . key_of(\%labels) };

	return $sample ? $sample->{value} : undef;
}

sub is_openmetrics
{
	my ($page, $name) = @_;
	my @problems = openmetrics_problems($page);
	my $builder = Test::More->builder;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $builder->ok(!@problems, $name) || $builder->diag(join("\n", @problems, '', $page));
}

1;
