// SPDX-License-Identifier: MIT
//
// Files that are refused before any code of theirs runs. Texts are compared whole.
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "refusal.hpp"

namespace poe::test {
namespace {

class LoaderFileTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_FALSE(code_ran()) << "a refused plug-in has run its constructor"; }
  Sandbox box;
};

TEST_F(LoaderFileTest, AGoodFileLoads) {
  box.add("good");
  EXPECT_EQ(refusal(box, "good"), "loaded");
  EXPECT_TRUE(code_ran());
  box.environment("POE_TEST_CONSTRUCTED", std::nullopt);
}

TEST_F(LoaderFileTest, AMissingFileIsNamedWithEveryFolderTriedPain21) {
  const LoopRegistry registry({box.path(), "relative/folder", box.path() + "/nowhere"});
  const auto loaded = registry.load("uvv");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::no_loop);
  const std::string text = whole(loaded.error(), box);
  const std::string begins =
      "poe: cannot load loop \"uvv\": there is no libpoe_loop_uvv.so in the search path\n"
      "  tried: SANDBOX\n"
      "  tried: relative/folder: a relative folder is never searched; give the absolute path\n"
      "  tried: SANDBOX/nowhere: No such file or directory\n";
  EXPECT_EQ(text.substr(0, begins.size()), begins);
  const std::string ends =
      "  found: <loops>\n"
      "  do:    install the plug-in, name its folder in POE_LOOP_PATH, or pick another loop with POE_EVENT_LOOP";
  ASSERT_GT(text.size(), ends.size());
  EXPECT_EQ(text.substr(text.size() - ends.size()), ends);
}

TEST_F(LoaderFileTest, AnUnknownNameBringsTheNamesThatLookLikeIt) {
  box.add("good");
  box.add("second");
  const std::string text = refusal(box, "godo");
  EXPECT_NE(text.find("\n  near:  good\n"), std::string::npos) << text;
}

TEST_F(LoaderFileTest, ATextFileIsNoSharedObject) {
  box.write("notes", "Buy milk, eggs and an event loop.\n");
  EXPECT_EQ(refusal(box, "notes"),
            "poe: cannot load loop \"notes\": the file is no ELF shared object\n"
            "  file:  SANDBOX/libpoe_loop_notes.so\n"
            "  tried: read its ELF header\n"
            "  found: <loops>\n"
            "  do:    put the built plug-in in its place, or remove the file");
}

TEST_F(LoaderFileTest, AnEmptyFileIsNoSharedObject) {
  box.write("empty", "");
  EXPECT_NE(refusal(box, "empty").find(": the file is no ELF shared object\n"), std::string::npos);
}

TEST_F(LoaderFileTest, AFileCutShortIsToldFromAnotherKindOfFile) {
  const std::string bytes = read_file(box.add("good"));
  box.write("cut", bytes.substr(0, 1000));
  EXPECT_EQ(refusal(box, "cut"),
            "poe: cannot load loop \"cut\": the file is cut short: its headers point past its 1000 bytes\n"
            "  file:  SANDBOX/libpoe_loop_cut.so\n"
            "  tried: read its ELF headers\n"
            "  found: <loops>\n"
            "  do:    build or install the plug-in again");
}

TEST_F(LoaderFileTest, EveryShorterPartOfAGoodFileIsRefusedWithoutRunning) {
  const std::string bytes = read_file(box.add("good"));
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    box.write("good", bytes.substr(0, size));
    ASSERT_NE(refusal(box, "good"), "loaded") << size << " of " << bytes.size() << " bytes";
  }
}

TEST_F(LoaderFileTest, AWrongMachineIsNamedBesideOursPain21) {
  std::string bytes = read_file(box.add("good"));
  const Elf64_Half other = EM_S390;
  std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &other, sizeof other);
  box.write("foreign", bytes);
  std::string text = refusal(box, "foreign");
  const std::size_t ours = text.find("this program for ") + std::strlen("this program for ");
  text.replace(ours, text.find('\n') - ours, "<ours>");
  EXPECT_EQ(text,
            "poe: cannot load loop \"foreign\": the file is built for S/390, 64 bits, little-endian, this program for "
            "<ours>\n"
            "  file:  SANDBOX/libpoe_loop_foreign.so\n"
            "  tried: read its ELF header\n"
            "  found: <loops>\n"
            "  do:    build or install the plug-in for this machine");
}

TEST_F(LoaderFileTest, AnotherClassOrByteOrderIsAWrongMachineToo) {
  const std::string bytes = read_file(box.add("good"));
  for (const int at : {EI_CLASS, EI_DATA}) {
    std::string bent = bytes;
    bent[static_cast<std::size_t>(at)] = static_cast<char>(3 - bent[static_cast<std::size_t>(at)]);
    box.write("good", bent);
    EXPECT_NE(refusal(box, "good").find("the file is built for"), std::string::npos);
  }
}

TEST_F(LoaderFileTest, ASharedObjectWithoutTheNoteIsNoPlugin) {
  box.add("nonote");
  EXPECT_EQ(refusal(box, "nonote"),
            "poe: cannot load loop \"nonote\": the file is a shared object, but no loop plug-in: it has no note "
            ".note.poe.loop\n"
            "  file:  SANDBOX/libpoe_loop_nonote.so\n"
            "  tried: find the ELF note by which a plug-in says its name and ABI\n"
            "  found: <loops>\n"
            "  do:    export the loop with POE_EXPORT_LOOP, or remove the file from this folder");
}

TEST_F(LoaderFileTest, AnotherMajorIsRefusedWithBothNumbersPain21) {
  box.add("nextmajor");
  const auto loaded = LoopRegistry({box.path()}).load("nextmajor");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::abi_mismatch);
  EXPECT_EQ(whole(loaded.error(), box),
            "poe: cannot load loop \"nextmajor\": ABI major 2, this kernel speaks 1\n"
            "  file:  SANDBOX/libpoe_loop_nextmajor.so\n"
            "  tried: read its ELF note .note.poe.loop\n"
            "  found: <loops>\n"
            "  do:    rebuild the plug-in against this release, or pick another loop with POE_EVENT_LOOP");
}

TEST_F(LoaderFileTest, AFileMustBeNamedAsItsLoop) {
  box.add("good", "better");
  EXPECT_EQ(refusal(box, "better"),
            "poe: cannot load loop \"better\": the file says it is loop \"good\"\n"
            "  file:  SANDBOX/libpoe_loop_better.so\n"
            "  tried: read its ELF note .note.poe.loop\n"
            "  found: <loops>\n"
            "  do:    name the file libpoe_loop_good.so");
}

TEST_F(LoaderFileTest, AFolderInPlaceOfTheFileIsRefused) {
  box.folder("libpoe_loop_dir.so");
  EXPECT_NE(refusal(box, "dir").find("it is no regular file"), std::string::npos) << refusal(box, "dir");
}

TEST_F(LoaderFileTest, AnIllFormedNameIsListedWithItsReason) {
  box.add("good", "My-Loop");
  const auto all = LoopRegistry({box.path()}).candidates();
  ASSERT_FALSE(all.empty());
  const auto found = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.name == "My-Loop"; });
  ASSERT_NE(found, all.end());
  EXPECT_EQ(found->status, LoopStatus::refused);
  EXPECT_EQ(found->reason, "a loop's name is 1 to 31 of a-z, 0-9 and _");
}

TEST_F(LoaderFileTest, HeadersFullOfNonsenseAreRefusedWithoutACrash) {
  const std::string bytes = read_file(box.add("good"));
  for (std::size_t at = 16; at < 1024; at += 6) {  // past the identification: header, segments, notes
    std::string bent = bytes;
    bent[at] = bent[at + 1] = '\xff';
    box.write("good", bent);
    const LoopRegistry registry({box.path()});
    for (const LoopCandidate& c : registry.candidates()) ASSERT_FALSE(c.name.empty());
  }
}

}  // namespace
}  // namespace poe::test
