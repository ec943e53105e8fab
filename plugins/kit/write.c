/* SPDX-License-Identifier: MIT
 *
 * Outcomes for programs: JUnit XML and JSON.
 *
 * Why by hand: the kit is plain C for authors who link nothing of ours, and writes two fixed shapes. */
#include <errno.h>
#include <poe/loop_kit_run.h>

/* ASCII that XML 1.0 allows goes as it is; control characters and broken bytes become '?': a CI must be able to read
 * the file whatever a plug-in said. */
static void put_xml(FILE* to, const char* text) {
  if (!text) text = "";
  for (; *text; ++text) {
    const unsigned char c = (unsigned char)*text;
    if (c == '<')
      fputs("&lt;", to);
    else if (c == '>')
      fputs("&gt;", to);
    else if (c == '&')
      fputs("&amp;", to);
    else if (c == '"')
      fputs("&quot;", to);
    else
      fputc(c < 0x20 || c > 0x7E ? '?' : c, to);
  }
}

static void put_json(FILE* to, const char* text) {
  if (!text) text = ""; /* a plug-in may leave out what it should tell: a check says so */
  fputc('"', to);
  for (; *text; ++text) {
    const unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') fputc('\\', to);
    fputc(c < 0x20 || c > 0x7E ? '?' : c, to);
  }
  fputc('"', to);
}

static double seconds(int64_t ns) { return (double)ns / 1e9; }

static void put_case(FILE* to, const char* loop, const poe_kit_outcome* o) {
  fputs("    <testcase classname=\"", to);
  put_xml(to, loop);
  fprintf(to, ".%s\" name=\"%s\" time=\"%.6f\"", o->check->group, o->check->name, seconds(o->took_ns));
  if (o->result == POE_KIT_PASS) {
    fputs("/>\n", to);
    return;
  }
  fputs(o->result == POE_KIT_FAIL ? ">\n      <failure message=\"" : ">\n      <skipped message=\"", to);
  put_xml(to, o->text);
  fputc('"', to);
  if (o->result == POE_KIT_FAIL) {
    fputs(" type=\"contract\">rule: ", to);
    put_xml(to, o->check->rule);
    fputs("\nwritten in: ", to);
    put_xml(to, o->contract);
    fputs("</failure>\n    </testcase>\n", to);
    return;
  }
  fputs("/>\n    </testcase>\n", to);
}

static void put_suite_head(FILE* to, const char* element, const poe_kit_results* r) {
  fprintf(to, "<%s name=\"poe check ", element);
  put_xml(to, poe_kit_name_of(r->plugin));
  fprintf(to, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n", r->count,
          r->tally[POE_KIT_FAIL], r->tally[POE_KIT_NOT_APPLICABLE] + r->tally[POE_KIT_NO_HOST], seconds(r->took_ns));
}

int poe_kit_write_junit(FILE* to, const poe_kit_results* results) {
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", to);
  put_suite_head(to, "testsuites", results);
  fputs("  ", to);
  put_suite_head(to, "testsuite", results);
  for (size_t i = 0; i < results->count; ++i) put_case(to, poe_kit_name_of(results->plugin), &results->outcomes[i]);
  fputs("  </testsuite>\n</testsuites>\n", to);
  return ferror(to) ? -EIO : 0;
}

static void put_member(FILE* to, const char* name, const char* text, const char* after) {
  fprintf(to, "\"%s\": ", name);
  put_json(to, text);
  fputs(after, to);
}

static void put_outcome(FILE* to, const poe_kit_outcome* o) {
  fputs("    {", to);
  put_member(to, "check", o->check->name, ", ");
  put_member(to, "group", o->check->group, ", ");
  put_member(to, "result", poe_kit_result_name(o->result), ", ");
  fprintf(to, "\"seconds\": %.6f, ", seconds(o->took_ns));
  put_member(to, "text", o->text, ", ");
  put_member(to, "rule", o->check->rule, ", ");
  put_member(to, "contract", o->contract, "}");
}

int poe_kit_write_json(FILE* to, const poe_kit_results* r) {
  fputs("{\n  ", to);
  put_member(to, "loop", poe_kit_name_of(r->plugin), ", ");
  put_member(to, "version", r->plugin->version, ", ");
  put_member(to, "library", r->plugin->library, ", ");
  put_member(to, "library_version", r->plugin->library_version, ", ");
  put_member(to, "profile", r->profile ? r->profile->name : "full", ",\n  ");
  fprintf(to, "\"abi\": {\"major\": %u, \"minor\": %u}, \"seconds\": %.6f,\n", (unsigned)r->plugin->abi_major,
          (unsigned)r->plugin->abi_minor, seconds(r->took_ns));
  fprintf(to, "  \"passed\": %zu, \"failed\": %zu, \"not_applicable\": %zu, \"no_host\": %zu,\n  \"checks\": [\n",
          r->tally[POE_KIT_PASS], r->tally[POE_KIT_FAIL], r->tally[POE_KIT_NOT_APPLICABLE], r->tally[POE_KIT_NO_HOST]);
  for (size_t i = 0; i < r->count; ++i) {
    put_outcome(to, &r->outcomes[i]);
    fputs(i + 1 < r->count ? ",\n" : "\n", to);
  }
  fputs("  ]\n}\n", to);
  return ferror(to) ? -EIO : 0;
}
