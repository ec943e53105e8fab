// SPDX-License-Identifier: MIT
#include "decision.hpp"

#include <algorithm>

#include "environment.hpp"

namespace poe::host_room {

namespace {

std::string first_line(const Decision& d) {
  if (!d.chosen.empty()) return "loop " + d.chosen + ": " + d.why + "\n";
  return d.why.empty() ? "no loop has been chosen yet\n" : "no loop: " + d.why + "\n";
}

std::string asked_line(const Decision& d) {
  if (!d.asked.empty()) return "asked for: " + d.asked + "\n";
  if (privileged()) return "asked for: nothing (this process has raised privileges, so its environment is ignored)\n";
  return "asked for: nothing (no name was given and POE_EVENT_LOOP is not set)\n";
}

std::string folder_lines(const LoopRegistry& registry) {
  const auto folders = registry.folders();
  std::string text = folders.empty() ? "folders: none\n" : "folders, in order:\n";
  for (const LoopFolder& f : folders) {
    text += "  " + (f.path.empty() ? "(empty)" : f.path) + " (" + f.origin + ")";
    text += f.skipped.empty() ? "\n" : ": skipped: " + f.skipped + "\n";
  }
  return text;
}

std::string verdict(const LoopCandidate& c, const Decision& d) {
  if (c.status != LoopStatus::usable) return std::string(to_string(c.status)) + ": " + c.reason;
  const auto remark = d.remarks.find(c.name);
  std::string text = c.name == d.chosen ? "chosen" : "usable";
  if (remark != d.remarks.end())
    text += ": " + remark->second;
  else if (!d.chosen.empty() && !d.asked.empty())
    text += ": not asked for";
  for (const std::string& warning : c.warnings) text += "; warning: " + warning;
  return text;
}

std::string candidate_lines(const Decision& d, const std::vector<LoopCandidate>& all) {
  std::size_t widest = 0;
  for (const LoopCandidate& c : all) widest = std::max(widest, c.name.size());
  std::string text = all.empty() ? "candidates: none\n" : "candidates:\n";
  for (const LoopCandidate& c : all) {
    const std::string indent(widest + 4, ' ');
    text += "  " + c.name + std::string(widest - c.name.size() + 2, ' ') + verdict(c, d) + "\n";
    text += indent + (c.built_in ? "built in" : c.path) + "\n";
    if (c.status != LoopStatus::usable && !c.advice.empty()) text += indent + "do: " + c.advice + "\n";
  }
  return text;
}

}  // namespace

std::string explain(const Decision& decision, const LoopRegistry& registry) {
  return first_line(decision) + asked_line(decision) + folder_lines(registry) +
         candidate_lines(decision, registry.candidates());
}

}  // namespace poe::host_room
