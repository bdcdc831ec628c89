#!/usr/bin/perl
# Asks the real SpamAssassin, in one process, what it says about mails: for each file of a folder, by name, one line of
# JSON {"file","score","hits":{NAME: count},"values":{NAME: as metas see it}}, rules in __ among the values; with
# ORACLE_VERBOSE=1 also the elements of body and the addresses, a character a byte.
#     perl oracle.pl RULES.cf FOLDER
#     ORACLE_VERBOSE=1 perl oracle.pl mails/rules.cf mails >mails/answers.jsonl        (and likewise corners)
# With a folder of probes in place of RULES.cf it writes each NAME.expected anew, from NAME.cf and NAME.txt:
#     perl oracle.pl --probes tests/rules/sa
use strict;
use warnings;
use Mail::SpamAssassin;
use File::Temp qw(tempdir);
use JSON::PP;

sub slurp { my ($path) = @_; local $/; open my $f, '<:raw', $path or die "$path: $!\n"; return scalar <$f> }

# Top level domains are SpamAssassin's own, where they are installed.
my $tlds = '/usr/share/spamassassin/20_aux_tlds.cf';
my $known = -e $tlds ? join('', grep { /^\s*util_rb_tld\s/ } split /^/, slurp($tlds)) : "util_rb_tld com net org\n";

sub engine {
	my ($rules) = @_;
	my $dir = tempdir(CLEANUP => 1);
	my $sa = Mail::SpamAssassin->new({ rules_filename => $dir, site_rules_filename => $dir, userprefs_filename => "$dir/none",
		config_text => "loadplugin Mail::SpamAssassin::Plugin::Check\nloadplugin Mail::SpamAssassin::Plugin::ReplaceTags\n"
			. "use_bayes 0\nuse_auto_welcomelist 0\n$known$rules", local_tests_only => 1,
		dont_copy_prefs => 1, userstate_dir => $dir, require_rules => 0 });
	$sa->init(0);
	return $sa;
}

my %hits;
{
	no warnings 'redefine';
	my $got = \&Mail::SpamAssassin::PerMsgStatus::got_hit;
	*Mail::SpamAssassin::PerMsgStatus::got_hit = sub {
		my $counted = &$got;
		$hits{$_[1]}++ if $counted;
		return $counted;
	};
}

sub ask {
	my ($sa, $mail) = @_;
	%hits = ();
	my $parsed = $sa->parse($mail);
	my $status = $sa->check($parsed);
	my $h = $status->{tests_already_hit};
	my %answer = (score => $status->get_score() + 0, hits => { %hits }, values => { map { $_ => $h->{$_} + 0 } grep { $h->{$_} } keys %$h });
	if ($ENV{ORACLE_VERBOSE}) {
		$answer{body} = $status->get_decoded_stripped_body_text_array();
		$answer{uris} = [ sort $status->get_uri_list() ];
	}
	$status->finish;
	$parsed->finish;
	return \%answer;
}

if ($ARGV[0] eq '--probes') {
	for my $cf (glob "$ARGV[1]/*.cf") {
		# A process each: SpamAssassin compiles a rule set into functions that outlive it.
		if (my $child = fork) { waitpid $child, 0; next }
		(my $stem = $cf) =~ s/\.cf$//;
		my ($head, $body) = split /\n\n/, slurp("$stem.txt"), 2;
		$head = '' if slurp("$stem.txt") =~ /^\n/;
		my $mail = "$head\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n$body";
		$mail =~ s/^\n//;
		my $answer = ask(engine(slurp($cf)), $mail);
		open my $o, '>', "$stem.expected" or die;
		printf $o "score %.3f\n", $answer->{score};
		printf $o "%s %s\n", $_, $answer->{values}{$_} for sort keys %{$answer->{values}};
		close $o;
		exit 0;
	}
	exit 0;
}

my $sa = engine(slurp($ARGV[0]));
my $json = JSON::PP->new->canonical->ascii;
for my $file (sort glob "$ARGV[1]/*.eml") {
	my $answer = ask($sa, slurp($file));
	($answer->{file}) = $file =~ m{([^/]+)$};
	print $json->encode($answer), "\n";
}
