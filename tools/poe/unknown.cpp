// SPDX-License-Identifier: MIT
#include "unknown.hpp"

#include <iostream>

#include "exit_codes.hpp"
#include "poe/near_names.hpp"

namespace poe::tool {

int unknown(const std::string& kind, const std::string& typed, const std::vector<std::string>& known,
            const std::string& help) {
  std::cerr << "poe: there is no " << kind << " \"" << typed << "\"";
  const auto near = near_names(typed, known);
  for (std::size_t i = 0; i < near.size(); ++i)
    std::cerr << (i == 0 ? "; did you mean \"" : " or \"") << near[i] << '"';
  std::cerr << (near.empty() ? "" : "?") << "\n  do: " << help << '\n';
  return kUsage;
}

}  // namespace poe::tool
