/* SPDX-License-Identifier: MIT
 *
 * poe-loop-check FILE.so: the checks of the kit on one plug-in, wherever it was built, without anything else of ours.
 * Exit: 0 all hold, 1 a check failed, 2 wrong use, 3 the file is no loop plug-in. As `poe check`. */
#include <getopt.h>
#include <poe/loop_kit_run.h>
#include <stdlib.h>
#include <string.h>

static const char kUsage[] =
    "usage: poe-loop-check FILE.so [GROUP|CHECK] [option...]\n"
    "Runs the conformance checks on a loop plug-in: all, or those of one group, or one by its whole name.\n"
    "  --profile NAME   core, guest, embed, gui or full (the default)\n"
    "  --host FILE      adapter to a host program, for guest checks; default: libpoe_kit_host_<loop>.so beside "
    "FILE.so\n"
    "  --timeout S      seconds one check may take (30)\n"
    "  --junit FILE     the outcome as JUnit XML, too\n"
    "  --json FILE      the outcome as JSON, too\n"
    "  --list           the checks that would be run, with their rules\n"
    "Exit codes: 0 all hold, 1 a check failed, 2 wrong command line, 3 no loop plug-in.\n";

typedef struct settings {
  const char *file, *choice, *profile, *host, *junit, *json;
  double timeout_s;
  int list, help;
} settings;

static int wrong(const char* what, const char* on) {
  fprintf(stderr, "poe-loop-check: %s%s%s\n  do: poe-loop-check --help tells how to use it\n", what, on ? " " : "",
          on ? on : "");
  return 2;
}

/* 0, or the exit code. */
static int read_line(int argc, char** argv, settings* s) {
  static const struct option kOptions[] = {{"profile", 1, NULL, 'p'}, {"host", 1, NULL, 'h'}, {"timeout", 1, NULL, 't'},
                                           {"junit", 1, NULL, 'j'},   {"json", 1, NULL, 'o'}, {"list", 0, NULL, 'l'},
                                           {"help", 0, NULL, 'H'},    {NULL, 0, NULL, 0}};
  int option = 0;
  while ((option = getopt_long(argc, argv, "", kOptions, NULL)) != -1) {
    if (option == 'p') s->profile = optarg;
    if (option == 'h') s->host = optarg;
    if (option == 't') s->timeout_s = atof(optarg);
    if (option == 'j') s->junit = optarg;
    if (option == 'o') s->json = optarg;
    if (option == 'l') s->list = 1;
    if (option == 'H') s->help = 1;
    if (option == '?') return wrong("there is no such option, or its value is missing", NULL);
  }
  if (s->help) return 0;
  if (optind < argc) s->file = argv[optind++];
  if (optind < argc) s->choice = argv[optind++];
  if (!s->file || optind < argc) return wrong("expected FILE.so and at most one group or check", NULL);
  const int sane = s->timeout_s > 0 && s->timeout_s <= 86400;
  return sane ? 0 : wrong("--timeout: expected seconds above 0, and no more than a day of them (86400)", NULL);
}

/* The word is a group or a check. 0: neither. */
static int choose(poe_kit_plan* plan, const char* word) {
  for (size_t i = 0; i < poe_kit_count(); ++i) {
    if (strcmp(poe_kit_at(i)->group, word) == 0) plan->group = word;
    if (strcmp(poe_kit_at(i)->name, word) == 0) plan->check = word;
  }
  return plan->group || plan->check;
}

/* 0, or 1 with a text. */
static int flush_output(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
  fputs("poe-loop-check: cannot write standard output: the disk may be full, or the reader is gone\n", stderr);
  return 1;
}

static int list(const poe_kit_plan* plan) {
  for (size_t i = 0; i < poe_kit_count(); ++i) {
    const poe_kit_check* check = poe_kit_at(i);
    if (poe_kit_chosen(plan, check)) printf("%-52s %s (%s)\n", check->name, check->rule, check->contract);
  }
  return flush_output();
}

static const poe_kit_foreign* host_for(const settings* s, const poe_loop_plugin* plugin, int* failed) {
  char path[4096], why[1024];
  const char* file = s->host;
  if (!file && poe_kit_host_beside(s->file, poe_kit_name_of(plugin), path, sizeof path)) file = path;
  const poe_kit_foreign* foreign = file ? poe_kit_open_host(file, why, sizeof why) : NULL;
  *failed = file && !foreign;
  if (*failed) fprintf(stderr, "poe-loop-check: cannot use the host adapter: %s\n", why);
  return foreign;
}

/* 0, or 1 with a text. */
static int save(const char* path, const poe_kit_results* results, int (*put)(FILE*, const poe_kit_results*)) {
  if (!path) return 0;
  FILE* file = fopen(path, "w");
  const int failed = !file || put(file, results) != 0;
  const int unclosed = file && fclose(file) != 0;
  if (failed || unclosed) fprintf(stderr, "poe-loop-check: cannot write %s\n", path);
  return failed || unclosed;
}

static void print_one(void* arg, const poe_kit_outcome* outcome) {
  (void)arg;
  poe_kit_print_outcome(stdout, outcome, 0);
  fflush(stdout);
}

static int run(const settings* s, poe_kit_plan* plan) {
  poe_kit_results results;
  plan->limit_ns = (int64_t)(s->timeout_s * 1e9);
  plan->done = print_one;
  if (poe_kit_run_plan(plan, &results) != 0) return wrong("out of memory", NULL);
  poe_kit_print_summary(stdout, &results, 0);
  int failed = !poe_kit_holds(&results, s->profile || s->choice);
  failed |= save(s->junit, &results, poe_kit_write_junit) | save(s->json, &results, poe_kit_write_json);
  poe_kit_release(&results);
  return failed | flush_output();
}

int main(int argc, char** argv) {
  settings s = {NULL, NULL, NULL, NULL, NULL, NULL, 30, 0, 0};
  const int bad = read_line(argc, argv, &s);
  if (bad) return bad;
  if (s.help) {
    fputs(kUsage, stdout);
    return flush_output();
  }
  poe_kit_target target = {sizeof target, 0, NULL, NULL, 0, NULL};
  poe_kit_plan plan = {&target, poe_kit_profile_named(s.profile ? s.profile : "full"), NULL, NULL, 0, NULL, NULL, 0};
  if (!plan.profile) return wrong("there is no profile", s.profile);
  if (s.choice && !choose(&plan, s.choice)) return wrong("there is no group or check named", s.choice);
  if (s.list) return list(&plan);
  char why[1024];
  target.plugin = poe_kit_open_plugin(s.file, why, sizeof why);
  if (!target.plugin) {
    fprintf(stderr, "poe-loop-check: cannot open %s as a loop plug-in: %s\n", s.file, why);
    return 3;
  }
  if (!poe_kit_claims(target.plugin, plan.profile)) {
    fprintf(stderr, "poe-loop-check: %s does not claim the profile %s, which asks for %s\n",
            poe_kit_name_of(target.plugin), plan.profile->name, plan.profile->claimed_by);
    return 1;
  }
  int failed = 0;
  target.foreign = host_for(&s, target.plugin, &failed);
  return failed ? 2 : run(&s, &plan);
}
