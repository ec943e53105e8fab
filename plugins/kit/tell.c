/* SPDX-License-Identifier: MIT
 *
 * Outcomes for people: one line a check, more for a failure, and a last line. */
#include <errno.h>
#include <poe/loop_kit_run.h>

const char* poe_kit_result_name(poe_kit_result result) {
  static const char* const kNames[] = {"pass", "fail", "not_applicable", "no_host"};
  return kNames[result];
}

const char* poe_kit_name_of(const poe_loop_plugin* plugin) { return plugin->name ? plugin->name : "(none)"; }

static double to_ms(int64_t ns) { return (double)ns / 1e6; }

int poe_kit_print_outcome(FILE* to, const poe_kit_outcome* outcome, int colour) {
  static const char* const kWords[] = {"ok", "FAILED", "n/a", "no host"};
  static const char* const kColours[] = {"\033[32m", "\033[31m", "\033[2m", "\033[33m"};
  const poe_kit_check* check = outcome->check;
  fprintf(to, "%s%-8s%s %-52s %8.1f ms\n", colour ? kColours[outcome->result] : "", kWords[outcome->result],
          colour ? "\033[0m" : "", check->name, to_ms(outcome->took_ns));
  if (outcome->result != POE_KIT_PASS) fprintf(to, "         %s\n", outcome->text);
  if (outcome->result == POE_KIT_FAIL)
    fprintf(to, "         rule: %s\n         written in: %s\n", check->rule, outcome->contract);
  return ferror(to) ? -EIO : 0;
}

int poe_kit_print_summary(FILE* to, const poe_kit_results* results, int colour) {
  const size_t* tally = results->tally;
  const char* paint = !colour ? "" : tally[POE_KIT_FAIL] || !results->count ? "\033[31m" : "\033[32m";
  fprintf(to, "%s%s %s%s, profile %s: %zu passed, %zu failed, %zu not applicable", paint,
          poe_kit_name_of(results->plugin), results->plugin->version ? results->plugin->version : "(none)",
          colour ? "\033[0m" : "", results->profile ? results->profile->name : "full", tally[POE_KIT_PASS],
          tally[POE_KIT_FAIL], tally[POE_KIT_NOT_APPLICABLE]);
  if (tally[POE_KIT_NO_HOST]) fprintf(to, ", %zu left out for want of a host", tally[POE_KIT_NO_HOST]);
  fprintf(to, "; %.1f s\n", to_ms(results->took_ns) / 1e3);
  if (!results->count) fputs("  nothing was checked: no check is in all that was asked for\n", to);
  if (tally[POE_KIT_NO_HOST] && results->built_in) fputs("  do: name an adapter with --host FILE\n", to);
  if (tally[POE_KIT_NO_HOST] && !results->built_in)
    fprintf(to, "  do: put libpoe_kit_host_%s.so beside the plug-in, or name an adapter with --host FILE\n",
            poe_kit_name_of(results->plugin));
  return ferror(to) ? -EIO : 0;
}
