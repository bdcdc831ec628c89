#!/usr/bin/perl
# The same as engine_bench with the real SpamAssassin, in process: perl tests/bench/sa_bench.pl RULES.cf TEXTS [COMPILED]
# COMPILED is what sa-compile made of the rules; without it each pattern is run by Perl. Prints what engine_bench prints.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Mail::SpamAssassin;
use Time::HiRes qw(time);

my ($cf, $texts, $compiled) = @ARGV;
local $/;
open my $r, '<:raw', $cf or die; my $rules = <$r>; close $r;
open my $t, '<:raw', $texts or die; my @texts = split /\0/, <$t>; close $t;
my $dir = tempdir(CLEANUP => 1);
my $plugins = "loadplugin Mail::SpamAssassin::Plugin::Check\nutil_rb_tld com net org\n";
if ($compiled) { # where SpamAssassin looks for it
	$plugins .= "loadplugin Mail::SpamAssassin::Plugin::Rule2XSBody\n";
	my $perl = substr $], 0, 5;
	mkdir "$dir/compiled" and mkdir "$dir/compiled/$perl" and symlink $compiled, "$dir/compiled/$perl/$Mail::SpamAssassin::VERSION" or die;
}
my $begun = time;
my $sa = Mail::SpamAssassin->new({ rules_filename => $dir, site_rules_filename => $dir, userprefs_filename => "$dir/none",
	config_text => "$plugins$rules", local_tests_only => 1, dont_copy_prefs => 1, userstate_dir => $dir, require_rules => 0,
	LOCAL_STATE_DIR => $dir });
$sa->init(0);
$sa->compile_now(0);
my $build = (time - $begun) * 1000;
my @hits;
my $spent = 0;
for my $round (0, 1) {
	@hits = ();
	for my $text (@texts) {
		my ($subject, $body) = split /\n\n/, $text, 2;
		my $mail = "Subject: $subject\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n$body";
		my ($u, $s) = times;
		my $parsed = $sa->parse($mail);
		my $status = $sa->check($parsed);
		push @hits, join ' ', sort split /,/, $status->get_names_of_tests_hit;
		$status->finish;
		$parsed->finish;
		my ($u2, $s2) = times;
		$spent += $u2 + $s2 - $u - $s if $round;
	}
}
printf "{\"us\":%.1f,\"build_ms\":%.1f,\"messages\":%d}\n", $spent * 1e6 / @texts, $build, scalar @texts;
print "$_\n" for @hits;
