// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "load.hpp"

namespace poe::bench {

/// A folder of its own with the file of the file cases in it; gone with this object.
class FileFolder {
 public:
  FileFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "poe-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw_errno("make a folder for temporary files");
    path_ = name;
    std::ofstream file(path_ / kFileName, std::ios::binary);
    file << std::string(kFileOctets, 'f');
    if (!file.flush()) throw std::runtime_error("cannot write " + (path_ / kFileName).string());
  }
  FileFolder(const FileFolder&) = delete;
  FileFolder& operator=(const FileFolder&) = delete;
  ~FileFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace poe::bench
