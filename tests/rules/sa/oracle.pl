#!/usr/bin/perl
# Makes the .expected files of this folder with the real SpamAssassin: for each NAME.cf and NAME.txt the score and, for
# every rule that hit (also those in __), its value as metas see it.
#     perl tests/rules/sa/oracle.pl tests/rules/sa/*.cf
use strict;
use warnings;
use Mail::SpamAssassin;
use File::Temp qw(tempdir);

for my $cf (@ARGV) {
	# A process each: SpamAssassin compiles a rule set into functions that outlive it.
	if (my $child = fork) { waitpid $child, 0; next }
	(my $stem = $cf) =~ s/\.cf$//;
	local $/;
	open my $r, '<', $cf or die; my $rules = <$r>; close $r;
	open my $t, '<', "$stem.txt" or die; my $text = <$t>; close $t;
	my ($head, $body) = split /\n\n/, $text, 2;
	$head = '' if $text =~ /^\n/;
	my $mail = "$head\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n$body";
	$mail =~ s/^\n//;
	my $dir = tempdir(CLEANUP => 1);
	my $sa = Mail::SpamAssassin->new({ rules_filename => $dir, site_rules_filename => $dir, userprefs_filename => "$dir/none",
		config_text => "loadplugin Mail::SpamAssassin::Plugin::Check\nloadplugin Mail::SpamAssassin::Plugin::ReplaceTags\nutil_rb_tld com net org\n$rules", local_tests_only => 1,
		dont_copy_prefs => 1, userstate_dir => $dir, require_rules => 0 });
	$sa->init(0);
	my $status = $sa->check($sa->parse($mail));
	my $h = $status->{tests_already_hit};
	open my $o, '>', "$stem.expected" or die;
	printf $o "score %.3f\n", $status->get_score();
	printf $o "%s %s\n", $_, $h->{$_} + 0 for grep { $h->{$_} } sort keys %$h;
	close $o;
	$status->finish;
	exit 0;
}
