/* SPDX-License-Identifier: MIT
 *
 * Going through the checks that a plan chooses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "poe/loop_kit_run.h"

int poe_kit_chosen(const poe_kit_plan* plan, const poe_kit_check* check) {
  if (plan->check && strcmp(plan->check, check->name) != 0) return 0;
  if (plan->group && strcmp(plan->group, check->group) != 0) return 0;
  return !plan->profile || poe_kit_profile_has(plan->profile, check->group);
}

int poe_kit_run_plan(const poe_kit_plan* plan, poe_kit_results* ret_results) {
  const int64_t start = kit_real_now();
  memset(ret_results, 0, sizeof *ret_results);
  ret_results->plugin = plan->target->plugin;
  ret_results->profile = plan->profile;
  ret_results->built_in = plan->built_in;
  ret_results->outcomes = calloc(poe_kit_count(), sizeof *ret_results->outcomes);
  if (!ret_results->outcomes) return -ENOMEM;
  for (size_t i = 0; i < poe_kit_count(); ++i) {
    if (!poe_kit_chosen(plan, poe_kit_at(i))) continue;
    poe_kit_outcome* outcome = &ret_results->outcomes[ret_results->count++];
    poe_kit_judge_apart(poe_kit_at(i), plan->target, plan->limit_ns, outcome);
    ++ret_results->tally[outcome->result];
    if (plan->done) plan->done(plan->arg, outcome);
  }
  ret_results->took_ns = kit_real_now() - start;
  return 0;
}

int poe_kit_holds(const poe_kit_results* results, int asked) {
  return results->count && !results->tally[POE_KIT_FAIL] && !(asked && results->tally[POE_KIT_NO_HOST]);
}

void poe_kit_release(poe_kit_results* results) {
  free(results->outcomes);
  results->outcomes = NULL;
  results->count = 0;
}
