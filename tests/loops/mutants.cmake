# SPDX-License-Identifier: MIT
# Mutants of the oracle: each is plugins/kit/oracle/oracle_loop.c with one rule broken, as a plug-in of its own.
#
# poe_mutant(name check paragraph from to [before])
#   check      of the kit must fail on it, and its failure must name `paragraph`
#   from, to   the text that is replaced (it must be there exactly once), and by what
#   before     is inserted after the #include lines
set(oracle_source ${PROJECT_SOURCE_DIR}/plugins/kit/oracle/oracle_loop.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${oracle_source})
file(READ ${oracle_source} oracle_text)
set(mutant_dir ${CMAKE_CURRENT_BINARY_DIR}/mutants)
set(mutant_list "")

function(poe_oracle_plugin target name source)
  add_library(${target} MODULE ${source})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/core/abi)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME libpoe_loop_${name}
                        LIBRARY_OUTPUT_DIRECTORY ${mutant_dir} C_STANDARD 99 C_EXTENSIONS OFF)
  set_property(DIRECTORY APPEND PROPERTY mutants ${target})
endfunction()

function(poe_mutant name check paragraph from to)
  string(FIND "${oracle_text}" "${from}" first)
  string(FIND "${oracle_text}" "${from}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "mutant ${name}: its text must be in ${oracle_source} exactly once:\n${from}")
  endif()
  string(REPLACE "${from}" "${to}" text "${oracle_text}")
  string(REPLACE "#include <unistd.h>\n" "#include <unistd.h>\n${ARGV5}\n" text "${text}")
  set(source ${mutant_dir}/${name}.c)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY) # writes only what has changed
  poe_oracle_plugin(poe_mutant_${name} ${name} ${source})
  set(mutant_list "${mutant_list}{\"${name}\", \"${check}\", \"${paragraph}\"},\n" PARENT_SCOPE)
endfunction()

poe_oracle_plugin(poe_oracle oracle ${oracle_source})
target_link_libraries(poe_oracle PRIVATE poe_build_options)
target_compile_options(poe_oracle PRIVATE -Wpedantic)

# ---- load: making and ending
poe_mutant(leaks load.hundred_loops_leave_nothing poe_loop_ops.close [[close(loop->wake_pipe[0]);]] [[;]])
poe_mutant(refuses_silently load.small_host_is_refused "Growth"
  [[host->error(host->ctx, 0, code, code > -4096 ? -code : 0, text);]] [[(void)host, (void)text;]])
poe_mutant(writes_ret load.small_host_is_refused "Growth" [[if (how->struct_size <]]
  [[*ret_loop = NULL; if (how->struct_size <]])
poe_mutant(takes_hosts load.foreign_as_declared POE_CAP_FOREIGN [[if (how->foreign) return]] [[if (0) return]])
poe_mutant(joins_nobody guest.readable_is_reported poe_host.ready [[if (how->foreign) return]] [[if (0) return]])
poe_mutant(talks_in_abandon load.abandon_calls_nobody "callback tag" [[free(loop->watches);]]
  [[free(loop->watches); loop->host.turn(loop->host.ctx, POE_TURN_WOKEN);]])
poe_mutant(closed_inside_close load.closed_comes_once_and_later "callback tag" [[loop->closing = 1;]]
  [[{ const poe_host host = loop->host; op_abandon(loop); host.closed(host.ctx); return 0; }]])
poe_mutant(closes_twice load.closed_comes_once_and_later poe_host.closed [[host.closed(host.ctx);]]
  [[host.closed(host.ctx); host.closed(host.ctx);]])
poe_mutant(never_closes load.closed_comes_once_and_later poe_loop_ops.close
  [[return loop->depth == 0 ? end(loop) : 0;]] [[return loop->depth < 0 ? end(loop) : 0;]])
poe_mutant(talks_after_close load.close_inside_ready poe_loop_ops.close [[i < b->count && !loop->closing;]]
  [[i < b->count;]])
poe_mutant(boasts load.capabilities_agree_with_ops poe_loop_plugin.capabilities [[BIT(POE_CAP_SUB_MS)]]
  [[BIT(POE_CAP_SUB_MS) | BIT(POE_CAP_POLLABLE)]])

# ---- descriptors
poe_mutant(cuts_tokens descriptors.readable_is_reported poe_host.ready [[w->token = token;]]
  [[w->token = (uint32_t)token;]])
poe_mutant(cuts_handles descriptors.handle_beyond_int_is_refused poe_loop_ops.watch
  [[if (handle < INT_MIN || handle > INT_MAX) return]] [[if (0) return]])
poe_mutant(takes_anything descriptors.bad_number_is_refused poe_loop_ops.watch [[if (fcntl(fd, F_GETFD) < 0) return]]
  [[if (0) return]])
poe_mutant(keeps_old_token descriptors.token_is_replaced poe_loop_ops.watch [[w->token = token;]]
  [[if (!w->token) w->token = token;]])
poe_mutant(keeps_old_interest descriptors.interest_is_replaced poe_loop_ops.watch [[w->interest = interest;]]
  [[if (!w->interest) w->interest = interest;]])
poe_mutant(adds_interest descriptors.interest_is_replaced poe_loop_ops.watch [[w->interest = interest;]]
  [[w->interest |= interest;]])
poe_mutant(splits_directions descriptors.one_report_and_one_turn_a_batch poe_host.turn
  [[loop->host.ready(loop->host.ctx, w->token, events);]]
  [[const uint64_t token = w->token; loop->host.ready(loop->host.ctx, token, events);
    if ((events & 3u) == 3u) loop->host.ready(loop->host.ctx, token, POE_WRITE);]])
poe_mutant(reports_forgotten descriptors.forgotten_fd_never_fires poe_loop_ops.watch
  [[if (old) *old = loop->watches[--loop->count];]] [[(void)old;]])
poe_mutant(ignores_forgets_in_callbacks descriptors.forgotten_inside_ready poe_loop_ops.watch
  [[if (old) *old =]] [[if (old && loop->depth == 0) *old =]])
poe_mutant(tells_stale_reports descriptors.emptied_and_renewed_inside_ready poe_loop_ops.watch
  [[if (!w || w->serial != b->serials[i]) continue;]] [[if (!w) continue;]])
poe_mutant(keeps_hangups descriptors.hung_up_and_forgotten_is_silent poe_loop_ops.watch
  [[if (old) *old = loop->watches[--loop->count];]] [[if (old) old->interest = 0;]])
poe_mutant(edge_triggered descriptors.level_triggered poe_loop_ops.watch
  [[loop->host.ready(loop->host.ctx, w->token, events);]]
  [[const uint64_t token = w->token; forget(loop, w->fd); loop->host.ready(loop->host.ctx, token, events);]])
poe_mutant(swallows_errors descriptors.reader_gone_is_writable poe_loop_ops.watch [[uint32_t events = 0;]]
  [[uint32_t events = 0; if (revents & (POLLERR | POLLHUP)) return 0;]])
poe_mutant(hides_hangups descriptors.end_of_file_is_readable poe_loop_ops.watch
  [[if (revents & POLLHUP) events |= POE_HANGUP;]] [[;]])
poe_mutant(hides_end_of_file descriptors.end_of_file_is_readable poe_loop_ops.watch
  [[events |= interest & (POE_READ | POE_WRITE);]] [[events |= 0;]])
poe_mutant(forgets_turns descriptors.readable_is_reported poe_host.ready [[if (!reasons) return 0;]]
  [[if (!reasons || reasons == POE_TURN_READY) return 0;]])
poe_mutant(tells_wrong_reasons descriptors.readable_is_reported poe_host.turn
  [[if (loop->unturned) reasons |= POE_TURN_READY;]] [[if (loop->unturned) reasons |= POE_TURN_WOKEN;]])
poe_mutant(refuses_terminals descriptors.terminal_settings_may_change poe_loop_ops.watch
  [[if (fcntl(fd, F_GETFD) < 0) return]] [[if (fcntl(fd, F_GETFD) < 0 || isatty(fd)) return]])
poe_mutant(serves_the_first idle.fair_between_descriptors "manners 7" [[++calls;]] [[if (calls) break; ++calls;]])

# ---- time
poe_mutant(early time.never_early poe_loop_ops.arm [[loop->deadline = deadline_ns;]]
  [[loop->deadline = deadline_ns > 0 && deadline_ns < POE_NEVER_NS ? deadline_ns - 300000 : deadline_ns;]])
poe_mutant(coarse time.below_a_millisecond_as_declared POE_CAP_SUB_MS [[loop->deadline = deadline_ns;]]
  [[loop->deadline = deadline_ns > 0 && deadline_ns < POE_NEVER_NS ? deadline_ns + 1000000 : deadline_ns;]])
poe_mutant(late idle.deadlines_are_prompt "manners 7" [[loop->deadline = deadline_ns;]]
  [[loop->deadline = deadline_ns > 0 && deadline_ns < POE_NEVER_NS ? deadline_ns + 5000000 : deadline_ns;]])
poe_mutant(wrong_clock time.now_is_clock_monotonic poe_loop_ops.now [[CLOCK_MONOTONIC]] [[CLOCK_REALTIME]])
poe_mutant(fires_cancelled time.never_disarms poe_loop_ops.arm [[loop->deadline = deadline_ns;]]
  [[if (deadline_ns != POE_NEVER_NS) loop->deadline = deadline_ns;]])
poe_mutant(keeps_earliest time.replaced_by_a_later_one poe_loop_ops.arm [[loop->deadline = deadline_ns;]]
  [[if (deadline_ns < loop->deadline) loop->deadline = deadline_ns;]])
poe_mutant(repeats_deadlines time.fires_once poe_loop_ops.arm [[loop->deadline = POE_NEVER_NS;
  return 1;]] [[return 1;]])
poe_mutant(turn_inside_arm time.past_means_a_fresh_turn "callback tag" [[loop->deadline = deadline_ns;]]
  [[loop->deadline = deadline_ns;
    if (deadline_ns <= clock_ns()) { loop->deadline = POE_NEVER_NS; loop->host.turn(loop->host.ctx, POE_TURN_DEADLINE); }]])
poe_mutant(starves time.now_starves_no_descriptor poe_loop_ops.arm [[int calls = report(loop, b);]]
  [[int calls = loop->deadline <= clock_ns() ? 0 : report(loop, b);]])
poe_mutant(puts_off_deadlines time.traffic_keeps_the_deadline poe_loop_ops.arm [[if (take_due(loop)) reasons |=]]
  [[if (!reasons && take_due(loop)) reasons |=]])
poe_mutant(blocks time.step_zero_never_blocks poe_loop_ops.step [[wait_ns(loop, max_wait_ns);]]
  [[wait_ns(loop, max_wait_ns ? max_wait_ns : 30000000);]])
poe_mutant(spins time.step_waits_and_ends poe_loop_ops.step [[= wait_ns(loop, max_wait_ns);]] [[= 0 * wait_ns(loop, 0);]])
poe_mutant(polls idle.empty_loop_costs_nothing "manners 6" [[= wait_ns(loop, max_wait_ns);]]
  [[= wait_ns(loop, max_wait_ns > 3000000 ? 3000000 : max_wait_ns);]])

# ---- wake
poe_mutant(loses_wakes wake.before_step poe_loop_ops.wake [[if (woken) reasons |= POE_TURN_WOKEN;]] [[(void)woken;]])
poe_mutant(drains_late wake.inside_turn poe_loop_ops.wake [[calls += turn(loop, woken);]]
  [[calls += turn(loop, woken); if (woken) drain(loop);]])
poe_mutant(fills_up faults.hundred_thousand_wakes_unread poe_loop_ops.wake
  [[written < 0 && errno != EAGAIN ? -errno : 0;]] [[written < 0 ? -errno : 0;]])
poe_mutant(dawdles idle.wake_is_prompt "manners 7" [[if (woken) drain(loop);]] [[if (woken) usleep(3000), drain(loop);]])
poe_mutant(talks_on_another_thread wake.before_step "loop-thread tag" [[loop->host.turn(loop->host.ctx, reasons);]]
  [[turn_elsewhere(&loop->host, reasons);]] [[
#include <pthread.h>
typedef struct call { const poe_host* host; uint32_t reasons; } call;
static void* make_call(void* a) { call* c = a; c->host->turn(c->host->ctx, c->reasons); return 0; }
static void turn_elsewhere(const poe_host* host, uint32_t reasons) {
  call c = {host, reasons};
  pthread_t thread;
  if (pthread_create(&thread, 0, make_call, &c) == 0) pthread_join(thread, 0);
}]])

# ---- drive
poe_mutant(ignores_stop drive.stop_inside_turn_ends_run poe_loop_ops.stop [[loop->stopped = 1;]] [[(void)loop;]])
poe_mutant(loses_early_stops drive.stop_before_run_sticks poe_loop_ops.stop [[int result = 0;
  while]] [[int result = 0; loop->stopped = 0;
  while]])
poe_mutant(keeps_stops drive.stop_before_run_sticks poe_loop_ops.stop [[loop->stopped = 0;]] [[;]])
poe_mutant(miscounts drive.step_returns_calls_made poe_loop_ops.step [[calls += turn(loop, woken);]]
  [[calls += 2 * turn(loop, woken);]])
poe_mutant(fails_on_signals drive.interrupted_step_is_no_error poe_loop_ops.step [[errno == EINTR ? 0 : -errno;]]
  [[-errno;]])
poe_mutant(nests_undeclared drive.step_inside_turn_as_declared POE_CAP_NESTED_STEP [[BIT(POE_CAP_NESTED_STEP) |]] [[]])
poe_mutant(refuses_nesting nesting.inner_step_delivers_wakes POE_CAP_NESTED_STEP [[batch b = {NULL, NULL, 0};]]
  [[batch b = {NULL, NULL, 0}; if (loop->depth) return -EDEADLK;]])

# ---- process and fork
poe_mutant(ignores_children process.signal_actions_are_kept "manners 1" [[loop->host = *how->host;]]
  [[loop->host = *how->host; signal(SIGCHLD, SIG_IGN);]] "#include <signal.h>")
poe_mutant(blocks_signals process.signal_mask_is_kept "manners 1" [[loop->host = *how->host;]]
  [[loop->host = *how->host; sigset_t s; sigemptyset(&s); sigaddset(&s, SIGCHLD); sigprocmask(SIG_BLOCK, &s, NULL);]]
  "#include <signal.h>")
poe_mutant(reaps_children process.children_are_left_alone "manners 2" [[++loop->depth;]]
  [[++loop->depth; waitpid(-1, NULL, WNOHANG);]] "#include <sys/wait.h>")
poe_mutant(fails_when_continued process.goes_on_after_a_stop poe_loop_ops.step [[errno == EINTR ? 0 : -errno;]] [[-errno;]])
poe_mutant(prints process.prints_nothing "Errors" [[host->error(host->ctx]]
  [[fprintf(stderr, "%s\n", text); host->error(host->ctx]] "#include <stdio.h>")
poe_mutant(inherits process.descriptors_close_on_exec "manners 3" [[O_NONBLOCK | O_CLOEXEC]] [[O_NONBLOCK]])
poe_mutant(changes_settings process.settings_are_kept "manners 4" [[loop->host = *how->host;]]
  [[loop->host = *how->host; umask(0);]] "#include <sys/stat.h>")
poe_mutant(drains_the_parent fork.wake_before_fork_is_the_parents poe_loop_ops.abandon [[close(loop->wake_pipe[0]);]]
  [[char byte; while (read(loop->wake_pipe[0], &byte, 1) > 0) continue; close(loop->wake_pipe[0]);]])
poe_mutant(keeps_descriptors fork.child_gives_back_descriptors poe_loop_ops.abandon [[close(loop->wake_pipe[1]);]] [[;]])
poe_mutant(keeps_on_asking fork.copies_in_a_child_disturb_nothing poe_loop_ops.watch [[= wait_ns(loop, max_wait_ns);]]
  [[= loop->serial > loop->count ? 0 : wait_ns(loop, max_wait_ns);]])

# ---- faults
poe_mutant(exits faults.create_without_descriptors poe_loop_ops.create [[const int code = -errno;]]
  [[const int code = -errno; _exit(3);]])
poe_mutant(picks_at_bits faults.unknown_interest_is_ignored "Growth" [[const int fd = (int)handle;]]
  [[const int fd = (int)handle; if (interest & ~7u) return -EINVAL;]])
poe_mutant(crashes_as_a_parent descriptors.forgetting_the_unknown poe_loop_ops.watch
  [[if (interest == 0) return forget(loop, fd);]] [[if (interest == 0) { if (fork() == 0) pause(); abort(); }]])
poe_mutant(crashes descriptors.forgetting_the_unknown poe_loop_ops.watch [[if (old) *old =]] [[*old =]])
