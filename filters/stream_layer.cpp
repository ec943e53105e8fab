// SPDX-License-Identifier: MIT
#include "poe/filters/stream_layer.hpp"

namespace poe {

StreamLayer::~StreamLayer() = default;
StreamLayerMaker::~StreamLayerMaker() = default;

}  // namespace poe
