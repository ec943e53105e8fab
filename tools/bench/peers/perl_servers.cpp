// SPDX-License-Identifier: MIT
//
// POE's own wheels in Perl: ListenAccept and ReadWrite, with Filter::Line and Filter::HTTPD.
#include "external.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

constexpr const char* kServer = R"(
use strict; use warnings;
use POE qw(Wheel::ListenAccept Wheel::ReadWrite Filter::Line Filter::HTTPD);
use HTTP::Response;
my ($fd, $kind) = @ARGV;
open(my $listener, "+<&=", $fd) or die "open: $!";
my (%wheel, $accept);
my %answer = (
  lines => sub { $wheel{$_[1]}->put($_[0]) },
  http => sub {
    my $response = HTTP::Response->new(200, "OK", ["Content-Type", "text/plain; charset=utf-8"], "Hello, world!");
    $response->protocol("HTTP/1.1");
    $response->content_length(13);
    $wheel{$_[1]}->put($response);
  },
);
POE::Session->create(inline_states => {
  _start => sub {
    $accept = POE::Wheel::ListenAccept->new(Handle => $listener, AcceptEvent => "accepted", ErrorEvent => "failed");
  },
  accepted => sub {
    my $filter = $kind eq "http" ? POE::Filter::HTTPD->new : POE::Filter::Line->new(Literal => "\n");
    my $io = POE::Wheel::ReadWrite->new(Handle => $_[ARG0], Filter => $filter, InputEvent => "input",
                                        ErrorEvent => "gone");
    $wheel{$io->ID} = $io;
  },
  input => sub { $answer{$kind}->($_[ARG0], $_[ARG1]) },
  gone => sub { delete $wheel{$_[ARG3]} },
  failed => sub { die "accept: $_[ARG2]" },
});
$SIG{TERM} = sub { POSIX::_exit(0) };
POE::Kernel->run();
)";

void serve(Run& run, const char* kind) {
  run_program(run, Listener::inherited, {"perl", "-MPOSIX", "-e", kServer, std::to_string(run.listener), kind});
}

}  // namespace

void perl_lines(Run& run) { serve(run, "lines"); }
void perl_http(Run& run) { serve(run, "http"); }

}  // namespace poe::bench
