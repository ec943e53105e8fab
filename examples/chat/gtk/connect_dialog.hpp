// SPDX-License-Identifier: MIT
// Asks for a server and a name.
#pragma once

namespace chat {

class Window;

/// Opens a modal dialog on that window, and joins what it says.
void ask_where(Window& window);

}  // namespace chat
