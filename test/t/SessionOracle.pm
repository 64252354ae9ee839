# SessionOracle: sessions by the rules, by brute force, from rows that have been read out of a pipeline's view "source".
#
# It shares nothing with the extension but the rules' words. Times are whole microseconds since 1970, and text compares by bytes.
package SessionOracle;
use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(columns expected_persons expected_sessions lacks stored_sessions);

# Event times lie in the years 1 to 9999 without the first and the last day.
use constant { DAY => 86_400_000_000, FIRST => -62_135_510_400_000_000, LAST => 253_402_214_400_000_000 };

# The columns it needs of "source", as SQL; a row is their texts, undef for NULL.
sub columns
{
	my $usecs = sub { "CASE WHEN isfinite($_[0]) THEN (extract(epoch FROM $_[0]) * 1000000)::bigint::text ELSE $_[0]::text END" };

	return join(', ', 'session_key', 'event_id', 'raw_id', $usecs->('occurred_at'), $usecs->('sent_at'), $usecs->('received_at'),
		'coalesce(restart, false)::int', 'coalesce(page_view, false)::int', 'page', 'restart_on_change', 'midnight');
}

# SQL of the sessions a pipeline has, as lines like those of expected_sessions.
sub stored_sessions
{
	my ($pipeline) = @_;
	my $usecs = sub { "(extract(epoch FROM $_[0]) * 1000000)::bigint" };

	return "SELECT concat_ws('|', s.session_key, " . join(', ', $usecs->('s.started_at'), $usecs->('s.ended_at'), 's.events', 's.page_views',
		"coalesce(entry_page, '~')", "coalesce(exit_page, '~')", 's.distinct_pages', 's.duplicates', "coalesce(s.ended_by, '~')", 's.session_index', 'f.shifted', $usecs->("nullif(f.copies_until, '-infinity')")) . ") FROM $pipeline.sessions AS s JOIN $pipeline.fact_session AS f USING (session_id)";
}

# Persons, by following edges: of pairs [key, user], links [user, user], user ids that are excluded and the limits. Given what the hash of
# each user id is, it returns the person of each key and of each user, undef where there is none.
sub expected_persons
{
	my ($pairs, $links, $excluded, $max_users, $max_keys, $hash) = @_;
	my (%users_of, %keys_of, %edges, %person);
	my %is_excluded = map { $_ => 1 } @$excluded;

	foreach my $pair (@$pairs)
	{
		$users_of{ $pair->[0] }{ $pair->[1] } = 1 if !$is_excluded{ $pair->[1] };
		$keys_of{ $pair->[1] }{ $pair->[0] } = 1;
	}
	my $key_joins = sub { return keys %{ $users_of{ $_[0] } // {} } <= $max_users; };
	my $user_joins = sub { return !$is_excluded{ $_[0] } && keys %{ $keys_of{ $_[0] } // {} } <= $max_keys; };
	my %nodes = map { ("k$_->[0]" => 1, "u$_->[1]" => 1) } @$pairs;
	$nodes{"u$_"} = 1 foreach map { @$_ } @$links;
	foreach my $edge ((map { [ "k$_->[0]", "u$_->[1]", $key_joins->($_->[0]) && $user_joins->($_->[1]) ] } @$pairs),
		(map { [ "u$_->[0]", "u$_->[1]", $user_joins->($_->[0]) && $user_joins->($_->[1]) ] } @$links))
	{
		my ($from, $to, $joins) = @$edge;
		next if !$joins;
		$edges{$from}{$to} = 1;
		$edges{$to}{$from} = 1;
	}
	foreach my $node (keys %nodes)
	{
		my %seen = ($node => 1);
		my @todo = ($node);
		while (defined(my $at = pop @todo)) { push @todo, grep { !$seen{$_}++ } keys %{ $edges{$at} // {} }; }
		my @users = sort map { $hash->{ substr $_, 1 } } grep { /^u/ && $user_joins->(substr $_, 1) } keys %seen;
		$person{$node} = $users[0];
	}
	return %person;
}

# The lines that one list has and the other has not, each as often as it has it more.
sub lacks
{
	my ($list, $other) = @_;
	my %times;

	$times{$_}++ foreach @$list;
	return grep { !$times{$_} || !$times{$_}-- } @$other;
}

# The time of an event; undef where it has none.
sub event_time
{
	my ($occurred, $sent, $received, $rules) = @_;

	return undef if grep { defined $_ && /infinity/ } $occurred, $sent, $received;
	return undef if !defined $occurred && !defined $received;
	my $time = $occurred // $received;
	if (defined $occurred && defined $received)
	{
		$time = $received - ($sent - $occurred)
		  if defined $sent && defined $rules->{skew_threshold} && abs($received - $sent) > $rules->{skew_threshold};
		$time = $received + $rules->{max_lead} if defined $rules->{max_lead} && $time > $received + $rules->{max_lead};
	}
	return $time >= FIRST && $time < LAST ? $time : undef;
}

# The order of a key's events: by time, id, raw id; without an id last.
sub in_order
{
	my ($x, $y) = @_;

	return $x->{time} <=> $y->{time}
	  || (defined $x->{id} ? defined $y->{id} ? $x->{id} cmp $y->{id} : -1 : defined $y->{id} ? 1 : 0)
	  || compare_raw($x->{raw}, $y->{raw});
}

sub compare_raw { my ($x, $y) = @_; return $x =~ /^-?\d+$/ && $y =~ /^-?\d+$/ ? $x <=> $y : $x cmp $y; }

# Take the copies out of a key's rows and count them at their events.
sub without_copies
{
	my ($rows, $window) = @_;
	my (@events, %last);

	foreach my $row (sort { $a->{time} <=> $b->{time} || compare_raw($a->{raw}, $b->{raw}) } @$rows)
	{
		my $before = defined $row->{id} ? $last{ $row->{id} } : undef;

		if ($before && (!defined $window || $row->{time} - $before->{time} <= $window))
		{
			$row->{event} = $before->{event};
			$row->{event}{copies}++;
			$row->{event}{last_copy} = $row->{time};
			$row->{event}{all_shifted} += $row->{shifted};
		}
		else
		{
			@$row{ 'event', 'copies', 'all_shifted' } = ($row, 0, $row->{shifted});
			push @events, $row;
		}
		$last{ $row->{id} } = $row if defined $row->{id};
	}
	delete $_->{event} foreach @$rows;
	return @events;
}

# Why an event does not belong to the session of the event before it; undef if it does. Of several reasons the first one here counts.
sub reason_to_start
{
	my ($session, $previous, $event, $seen, $rules) = @_;
	# in integers: a double has no microseconds in the year 9999
	my $ahead = $rules->{zones} ? $rules->{zones}{ $event->{zone} // 'UTC' } : $rules->{midnight};
	my $day = sub { my $local = $_[0]->{time} + $ahead; return ($local - $local % DAY) / DAY };

	return 'first' if !$session;
	return 'gap' if $event->{time} - $previous->{time} > $rules->{gap};
	return 'max_duration' if defined $rules->{max_duration} && $event->{time} > $session->{events}[0]{time} + $rules->{max_duration};
	return 'max_events' if defined $rules->{max_events} && @{ $session->{events} } >= $rules->{max_events};
	return 'restart' if $event->{restart};
	return 'change' if defined $seen && defined $event->{value} && $event->{value} ne $seen;
	return defined $rules->{midnight} && $day->($event) != $day->($previous) ? 'midnight' : undef;
}

# The sessions of rows by rules, as lines "key start end events page_views entry exit distinct duplicates ended_by index shifted copies_until", and how many rows there
# is no event of. Of the rules, gap is a number, the others may be undef; midnight is how much a zone is ahead of UTC;
# where each event has a zone of its own, zones has this of each.
sub expected_sessions
{
	my ($rows, $rules) = @_;
	my ($quarantined, %rows, @lines) = (0);

	foreach my $row (@$rows)
	{
		my ($key, $id, $raw, $occurred, $sent, $received, $restart, $view, $page, $value, $zone) = @$row;
		my $time = event_time($occurred, $sent, $received, $rules);

		if (!defined $key || !defined $time) { $quarantined++; next; }
		push @{ $rows{$key} }, { time => $time, id => $id, raw => $raw, restart => $restart, view => $view, page => $page, value => $value, zone => $zone,
			shifted => !defined $occurred || $time != $occurred ? 1 : 0 };
	}
	foreach my $key (keys %rows)
	{
		my ($session, $previous, $seen, @sessions);

		foreach my $event (sort { in_order($a, $b) } without_copies($rows{$key}, $rules->{dedup_window}))
		{
			my $reason = reason_to_start($session, $previous, $event, $seen, $rules);

			$session->{ended_by} = $reason if $session && $reason;
			push @sessions, $session = { events => [], index => @sessions + 1 } if $reason;
			$seen = $event->{value} // $seen;
			push @{ $session->{events} }, $previous = $event;
		}
		push @lines, map { line($key, $_) } @sessions;
	}
	return ($quarantined, sort @lines);
}

sub line
{
	my ($key, $whole) = @_;
	my $session = $whole->{events};
	my @views = grep { $_->{view} } @$session;
	my %pages = map { ($_ => 1) } grep { defined $_ } map { $_->{page} } @views;
	my ($copies, $shifted) = (0, 0);
	my ($last) = sort { $b <=> $a } map { $_->{last_copy} // $_->{time} } @$session;

	$copies += $_->{copies} foreach @$session;
	$shifted += $_->{all_shifted} foreach @$session;
	return join('|', $key, $session->[0]{time}, $session->[-1]{time}, scalar @$session, scalar @views,
		(map { $_ // '~' } @views ? ($views[0]{page}, $views[-1]{page}) : (undef, undef)), scalar keys %pages, $copies, $whole->{ended_by} // '~', $whole->{index}, $shifted, $last > $session->[-1]{time} ? $last : ());
}

1;
