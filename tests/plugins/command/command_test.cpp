// SPDX-License-Identifier: MIT
//
// The poe command as people and scripts see it: text, JSON, exit codes.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace poe::test {
namespace {

class CommandTest : public RunsCommands {
 protected:
  nlohmann::json loop(const std::string& name) const {
    const auto list = nlohmann::json::parse(poe("loops --json", "2>/dev/null").out);
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& row) { return row["name"] == name; });
    return at == list.end() ? nlohmann::json() : *at;
  }
};

TEST_F(CommandTest, VersionIsOneLine) {
  const Outcome got = poe("--version");
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out, "poe " POE_TEST_VERSION " (Loop ABI 1.0)\n");
}

TEST_F(CommandTest, HelpListsCommandsAndExitCodes) {
  for (const char* form : {"help", "--help"}) {
    const Outcome got = poe(form);
    EXPECT_EQ(got.code, 0);
    EXPECT_NE(got.out.find("  loops "), std::string::npos) << got.out;
    EXPECT_NE(got.out.find("Exit codes: 0 done, 1 "), std::string::npos) << got.out;
  }
}

TEST_F(CommandTest, HelpOfACommandIsTheSameBothWays) {
  const Outcome got = poe("help loops");
  EXPECT_EQ(got.code, 0);
  EXPECT_NE(got.out.find("--explain"), std::string::npos);
  EXPECT_EQ(got.out, poe("loops --help").out);
}

TEST_F(CommandTest, WithoutACommandItIsWrongUse) { EXPECT_EQ(poe("").code, 2); }

TEST_F(CommandTest, AMistypedCommandBringsAGuess) {
  const Outcome got = poe("lops");
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.out, "poe: there is no command \"lops\"; did you mean \"loops\"?\n  do: poe help lists the commands\n");
  EXPECT_EQ(poe("help lops").out, got.out);
  EXPECT_EQ(poe("help lops").code, 2);
}

TEST_F(CommandTest, AMistypedOptionBringsAGuess) {
  const Outcome got = poe("loops --jsno");
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.out,
            "poe: there is no option \"--jsno\"; did you mean \"--json\"?\n  do: poe help loops lists the options\n");
}

TEST_F(CommandTest, OptionsThatExcludeEachOtherAreWrongUse) { EXPECT_EQ(poe("loops --json --explain").code, 2); }

TEST_F(CommandTest, LoopsAsJsonHasWhatScriptsNeed) {
  box.add("good");
  box.environment("POE_LOOP_PATH", box.path());
  const auto good = loop("good");
  EXPECT_EQ(good["path"], box.file("good"));
  EXPECT_EQ(good["library"], "libtest");
  EXPECT_EQ(good["library_version"], "4.5");
  EXPECT_EQ(good["version"], "1.2.3");
  EXPECT_EQ(good["licence"], "MIT");
  EXPECT_EQ(good["status"], "usable");
  EXPECT_EQ(good["rank"], 0);
  EXPECT_EQ(good["capabilities"], nlohmann::json({"priority", "foreign"}));
}

TEST_F(CommandTest, ARefusedLoopIsListedWithReasonAndAdvice) {
  box.write("junk", "not a plug-in \xff");
  box.environment("POE_LOOP_PATH", box.path());
  const auto junk = loop("junk");
  EXPECT_EQ(junk["status"], "refused");
  EXPECT_EQ(junk["reason"], "the file is no ELF shared object");
  EXPECT_NE(junk["advice"], "");
  const Outcome table = poe("loops");
  EXPECT_NE(table.out.find("refused: the file is no ELF shared object"), std::string::npos) << table.out;
}

TEST_F(CommandTest, AnAllowListIsObeyedAndItsRefusalsAreListed) {
  box.add("good");
  box.add("second");
  ASSERT_EQ(outcome_of("cd " + box.path() + " && umask 022 && sha256sum libpoe_loop_good.so >list").code, 0);
  const Outcome got = outcome_of("cd " + box.path() + " && " + POE_TEST_COMMAND + " loops --allow list --dir .");
  const std::string list = box.path() + "/list\n";
  EXPECT_NE(got.out.find(" refused: it is not in the allow-list " + list), std::string::npos) << got.out;
  EXPECT_NE(got.out.find(" do: if you trust it: sha256sum " + box.file("second") + " >>" + list), std::string::npos)
      << got.out;
  EXPECT_NE(got.out.find("libtest 4.5"), std::string::npos) << got.out;  // good
  EXPECT_EQ(poe("loops --allow " + box.path() + "/none").code, 3);
}

TEST_F(CommandTest, TheHelpOfLoopsSaysWhatIsRefused) {
  const Outcome got = poe("loops --help");
  EXPECT_NE(got.out.find("POE_LOOP_ALLOW"), std::string::npos) << got.out;
  EXPECT_NE(got.out.find("Refused are files and folders"), std::string::npos) << got.out;
}

TEST_F(CommandTest, TheTableHasNoColourOutsideATerminal) {
  box.add("good");
  box.environment("POE_LOOP_PATH", box.path());
  const Outcome got = poe("loops");
  EXPECT_EQ(got.out.find('\033'), std::string::npos);
  EXPECT_EQ(got.out.substr(0, 4), "loop");
}

TEST_F(CommandTest, ExplainNamesTheChosenLoop) {
  box.add("good");
  const Outcome got = poe("loops --explain --loop good --dir " + box.path());
  EXPECT_EQ(got.code, 0) << got.out;
  EXPECT_EQ(got.out.substr(0, got.out.find('\n')), "loop good: asked for by the argument \"good\"");
}

TEST_F(CommandTest, NoUsableLoopHasItsOwnExitCode) {
  const Outcome got = poe("loops --explain --loop nonesuch");
  EXPECT_EQ(got.code, 3);
  EXPECT_NE(got.out.find("poe: cannot load loop \"nonesuch\""), std::string::npos);
}

TEST_F(CommandTest, AFullDiskIsAFailure) { EXPECT_EQ(poe("help", ">/dev/full 2>/dev/null").code, 1); }

}  // namespace
}  // namespace poe::test
