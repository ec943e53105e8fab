// SPDX-License-Identifier: MIT
//
// DirTree: from what came and went in a look to what is told. What went in one place and came in another is a renaming.
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "dir_tree.hpp"

namespace poe {

// New folders are scanned, which may bring more of them. Why those that went are dropped first: the system has one
// notice for a folder, under whatever name; and their names are free for others then.
void DirTree::resolve_folders() {
  for (;;) {
    std::vector<Spot> fresh;
    const auto is_folder = [](const Spot& spot) { return spot.entry.is_folder; };
    std::copy_if(came_.begin(), came_.end(), std::back_inserter(fresh), is_folder);
    std::erase_if(came_, is_folder);
    std::vector<Spot> made;
    std::vector<Move> moves;
    for (const Spot& spot : fresh) {
      const auto former =
          std::find_if(gone_.begin(), gone_.end(), [&](const Spot& one) { return one.entry.same_file(spot.entry); });
      if (former == gone_.end()) {
        made.push_back(spot);
        continue;
      }
      moves.push_back({*former, spot});
      gone_.erase(former);
    }
    drop_gone_folders(moves);
    if (fresh.empty()) return;
    make_moves(std::move(moves), made);
    drop_gone_folders({});
    for (const Spot& spot : made) take_in(spot);
  }
}

void DirTree::take_in(const Spot& spot) {
  const auto parent = folders_.find(spot.folder);
  if (parent == folders_.end()) return;
  tell(first_ ? DirEvent::found : DirEvent::created, spot.folder, spot.name, true);
  const unsigned depth = parent->second.depth + 1;
  if (!options_.recursive || depth > options_.max_depth) return;
  open_folder(join(spot.folder, spot.name), depth);
  scan(join(spot.folder, spot.name));
}

// Those first whose new name nobody has any more. In a ring, of folders that exchanged their names, one has to be
// forgotten and found again.
void DirTree::make_moves(std::vector<Move> moves, std::vector<Spot>& made) {
  const auto has_room = [&](const Move& move) {
    return std::none_of(moves.begin(), moves.end(), [&](const Move& other) {
      return other.from.folder == move.to.folder && other.from.name == move.to.name;
    });
  };
  while (!moves.empty()) {
    const auto free = std::find_if(moves.begin(), moves.end(), has_room);
    const bool is_ring = free == moves.end();
    const auto next = is_ring ? moves.begin() : free;
    const Move move = *next;
    moves.erase(next);
    if (is_ring) {
      drop_folder_now(move.from);
      made.push_back(move.to);
    } else {
      move_folder(move.from, move.to);
    }
  }
}

void DirTree::move_folder(const Spot& from, const Spot& to) {
  tell(DirEvent::renamed, to.folder, to.name, true, path_of(from.folder, from.name));
  const std::string former = join(from.folder, from.name);
  const std::string present = join(to.folder, to.name);
  std::vector<std::string> moved;
  for (const auto& [relative, folder] : folders_) {
    if (relative == former || relative.starts_with(former + "/")) moved.push_back(relative);
  }
  for (const std::string& old_name : moved) {
    const std::string new_name = present + old_name.substr(former.size());
    auto node = folders_.extract(old_name);
    node.key() = new_name;
    Folder& folder = folders_.insert(std::move(node)).position->second;
    if (folder.notice >= 0) by_notice_[folder.notice] = new_name;
    if (unnoticed_.erase(old_name) != 0) unnoticed_.insert(new_name);
    for (const auto& [name, entry] : folder.entries) {
      if (unsettled_.erase({old_name, name}) != 0) unsettled_.insert({new_name, name});
    }
  }
  const auto parent = folders_.find(to.folder);
  if (options_.recursive && parent != folders_.end()) fit_depth(present, parent->second.depth + 1);
  for (const std::string& old_name : moved) scan(present + old_name.substr(former.size()));
}

// Of a folder that moved, and those below: some may be looked into from now on, or no more.
void DirTree::fit_depth(const std::string& relative, unsigned depth) {
  if (depth > options_.max_depth) return forget_folder(relative);
  const auto at = folders_.find(relative);
  if (at == folders_.end()) {
    open_folder(relative, depth);
    return scan(relative);
  }
  at->second.depth = depth;
  std::vector<std::string> below;
  for (const auto& [name, entry] : at->second.entries) {
    if (entry.is_folder) below.push_back(join(relative, name));
  }
  for (const std::string& one : below) fit_depth(one, depth + 1);
}

void DirTree::drop_gone_folders(const std::vector<Move>& moves) {
  const auto is_folder = [](const Spot& spot) { return spot.entry.is_folder; };
  for (const Spot& spot : std::vector<Spot>(gone_)) {
    if (!is_folder(spot)) continue;
    const bool retaken = std::any_of(moves.begin(), moves.end(), [&](const Move& move) {
      return move.to.folder == spot.folder && move.to.name == spot.name;
    });
    if (retaken) {
      drop_folder_now(spot);
    } else {
      drop_folder(spot);
    }
  }
  std::erase_if(gone_, is_folder);
}

// With all that was in it, which went as well.
void DirTree::drop_folder(const Spot& spot) {
  forget_folder(join(spot.folder, spot.name));
  tell(DirEvent::removed, spot.folder, spot.name, true);
}

// Another folder gets its name next: whatever is told later of what is in there would be taken for the other one's.
void DirTree::drop_folder_now(const Spot& spot) {
  std::vector<Spot> before = std::exchange(gone_, {});
  drop_folder(spot);
  for (const Spot& file : gone_) tell_removed(file);
  gone_ = std::move(before);
}

void DirTree::forget_folder(const std::string& former) {
  for (auto at = folders_.lower_bound(former); at != folders_.end();) {
    const bool below = at->first == former || at->first.starts_with(former + "/");
    if (!below) {
      if (!at->first.starts_with(former)) break;
      ++at;
      continue;
    }
    for (auto& [name, entry] : at->second.entries) {
      unsettled_.erase({at->first, name});
      --entries_;
      if (entry.is_folder) {
        tell(DirEvent::removed, at->first, name, true);
      } else {
        gone_.push_back({at->first, name, entry});
      }
    }
    by_notice_.erase(at->second.notice);
    notice_.remove(at->second.notice);
    unnoticed_.erase(at->first);
    doubted_.erase(at->first);
    at = folders_.erase(at);
  }
}

// Unless nobody was told of it yet.
void DirTree::tell_removed(const Spot& file) {
  const auto& pending = file.entry.pending;
  if (pending == DirEvent::created || pending == DirEvent::found) return;
  tell(DirEvent::removed, file.folder, file.name, false);
}

void DirTree::resolve_files() {
  std::vector<Spot> fresh;
  std::map<std::pair<dev_t, ino_t>, std::size_t> by_inode;
  for (std::size_t i = 0; i < gone_.size(); ++i) by_inode[{gone_[i].entry.device, gone_[i].entry.inode}] = i;
  std::vector<bool> renamed(gone_.size());
  for (const Spot& spot : came_) {
    const auto former = by_inode.find({spot.entry.device, spot.entry.inode});
    // Why the state: a number that is free is given to the next file at once.
    const bool same =
        former != by_inode.end() && !renamed[former->second] && gone_[former->second].entry.same_state(spot.entry);
    if (!same) {
      fresh.push_back(spot);
      continue;
    }
    const Spot& from = gone_[former->second];
    renamed[former->second] = true;
    Entry* const entry = find(spot.folder, spot.name);
    const bool was_told = from.entry.pending != DirEvent::created && from.entry.pending != DirEvent::found;
    if (entry == nullptr || !was_told || !counts(from.name, false)) {
      fresh.push_back(spot);
    } else if (!counts(spot.name, false)) {
      tell(DirEvent::removed, from.folder, from.name, false);
    } else {
      tell(DirEvent::renamed, spot.folder, spot.name, false, path_of(from.folder, from.name));
      entry->pending = from.entry.pending;
      entry->since = from.entry.since;
      if (entry->pending) unsettled_.insert({spot.folder, spot.name});
    }
  }
  for (std::size_t i = 0; i < gone_.size(); ++i) {
    if (!renamed[i]) tell_removed(gone_[i]);
  }
  for (const Spot& spot : fresh) came(spot);
  if (over_limit_ && entries_ < options_.max_entries) {
    over_limit_ = false;
    doubt_all_ = true;  // there is room for those that were left out
  }
}

void DirTree::came(const Spot& spot) {
  Entry* const entry = find(spot.folder, spot.name);
  if (entry == nullptr) return;
  entry->pending = first_ ? DirEvent::found : DirEvent::created;
  entry->since = now_;
  if (first_ && options_.settled) {  // it may have been complete for years
    const auto age = std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(entry->modified_ns);
    entry->whole = age >= options_.settle_time;
  }
  unsettled_.insert({spot.folder, spot.name});
}

// Tells of those that are complete, or need not be.
void DirTree::settle() {
  for (auto at = unsettled_.begin(); at != unsettled_.end();) {
    Entry* const entry = find(at->first, at->second);
    if (entry == nullptr || !entry->pending) {
      at = unsettled_.erase(at);
      continue;
    }
    if (waits(*entry) && now_ - entry->since < options_.settle_time) {
      ++at;
      continue;
    }
    if (waits(*entry)) {  // nobody told, but did it rest?
      const auto present = entry_at(path_of(at->first, at->second));
      if (!present || !present->same_file(*entry) || !present->same_state(*entry)) {
        if (present) {
          entry->size = present->size;
          entry->modified_ns = present->modified_ns;
        }
        entry->since = now_;
        ++at;
        continue;
      }
    }
    tell(*entry->pending, at->first, at->second, entry->is_folder);
    entry->pending.reset();
    at = unsettled_.erase(at);
  }
}

void DirTree::tell(DirEvent what, const std::string& folder, const std::string& name, bool is_folder,
                   const std::string& from) {
  if (what == DirEvent::found && !options_.existing) return;
  if (!counts(name, is_folder)) return;
  changes_->emplace_back(what, path_of(folder, name), is_folder, from);
}

bool DirTree::counts(std::string_view name, bool is_folder) const {
  if (is_folder) return options_.folders;
  if (options_.patterns.empty()) return true;
  const std::string text(name);
  return std::any_of(options_.patterns.begin(), options_.patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PERIOD) == 0;
  });
}

const DirTree::Entry* DirTree::find(std::string_view folder, std::string_view name) const noexcept {
  const auto at = folders_.find(folder);
  if (at == folders_.end()) return nullptr;
  const auto entry = at->second.entries.find(name);
  return entry != at->second.entries.end() ? &entry->second : nullptr;
}

DirTree::Entry* DirTree::find(std::string_view folder, std::string_view name) noexcept {
  return const_cast<Entry*>(std::as_const(*this).find(folder, name));
}

std::string DirTree::path_of(const std::string& folder, const std::string& name) const {
  return options_.folder + "/" + join(folder, name);
}

}  // namespace poe
