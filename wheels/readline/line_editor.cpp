// SPDX-License-Identifier: MIT
#include "line_editor.hpp"

#include <new>
#include <utility>

#include "line_cells.hpp"
#include "wide_text.hpp"

namespace poe {
namespace {

TerminalFile opened(int fd, const char* mode) {
  TerminalFile file = open_copy(fd, mode);
  if (file == nullptr) throw std::bad_alloc();
  return file;
}

}  // namespace

LineEditor::LineEditor(int input, int output, const std::string& name, const TerminalLocale& locale,
                       const LineHistory& history)
    : locale_(locale), input_(opened(input, "r")), output_(opened(output, "w")), can_move_(terminal_moves()) {
  const LocaleScope scope(locale_);
  editor_.reset(::el_init_fd(name.c_str(), input_.get(), output_.get(), output_.get(), ::fileno(input_.get()),
                             ::fileno(output_.get()), ::fileno(output_.get())));
  if (editor_ == nullptr) throw std::bad_alloc();
  EditLine* const e = editor_.get();
  ::el_wset(e, EL_CLIENTDATA, this);
  ::el_wset(e, EL_SIGNAL, 0);
  ::el_wset(e, EL_EDITOR, L"emacs");
  ::el_wset(e, EL_PROMPT_ESC, &LineEditor::show_prompt, L'\1');
  ::el_wset(e, EL_HIST, ::history_w, history.handle());
  ::el_wset(e, EL_GETCFN, &LineEditor::next_key);
  ::el_wset(e, EL_SETTY, L"-d", L"-isig", nullptr);  // ^C is a key
  bind();
}

LineEditor::~LineEditor() {
  // So that it leaves the terminal's settings alone, and with them what was typed ahead.
  ::el_wset(editor_.get(), EL_EDITMODE, 0);
  quit();
}

void LineEditor::bind() {
  EditLine* const e = editor_.get();
  ::el_wset(e, EL_ADDFN, L"poe-complete", L"Complete the word before the cursor", &LineEditor::on_tab);
  ::el_wset(e, EL_ADDFN, L"poe-cancel", L"Give the line up", &LineEditor::on_cancel);
  const wchar_t* const keys[][2] = {
      {L"^I", L"poe-complete"},       {L"^G", L"poe-cancel"},
      {L"^R", L"em-inc-search-prev"}, {L"\\e[3~", L"ed-delete-next-char"},  // not among libedit's own
      {L"\\e[1;5C", L"em-next-word"}, {L"\\e[1;5D", L"ed-prev-word"}};
  for (const auto& [key, command] : keys) ::el_wset(e, EL_BIND, key, command, nullptr);
}

bool LineEditor::read_init_file(const std::string& path) {
  const LocaleScope scope(locale_);
  const bool there = ::el_source(editor_.get(), path.empty() ? nullptr : path.c_str()) == 0;
  ::el_wset(editor_.get(), EL_EDITMODE, 1);  // "edit off": then nothing would be shown at all
  return there;
}

bool LineEditor::command(const std::vector<std::string>& words) {
  const LocaleScope scope(locale_);
  std::vector<const char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  return ::el_parse(editor_.get(), static_cast<int>(words.size()), argv.data()) == 0;
}

// ---- on the fiber

LineEditor& LineEditor::of(EditLine* editor) {
  void* self = nullptr;
  ::el_wget(editor, EL_CLIENTDATA, &self);
  return *static_cast<LineEditor*>(self);
}

int LineEditor::next_key(EditLine* editor, wchar_t* key) {
  LineEditor& self = of(editor);
  if (!self.key_) {
    self.step_ = Step::more;
    self.fiber_.leave();
  }
  if (!self.key_) return 0;  // quit(): the end of the input, as far as libedit can tell
  *key = *std::exchange(self.key_, std::nullopt);
  return 1;
}

wchar_t* LineEditor::show_prompt(EditLine* editor) { return of(editor).prompt_.data(); }

unsigned char LineEditor::on_tab(EditLine* editor, int) {
  LineEditor& self = of(editor);
  self.step_ = Step::complete;
  self.fiber_.leave();
  return CC_REFRESH;
}

unsigned char LineEditor::on_cancel(EditLine* editor, int) {
  of(editor).cancelled_ = true;
  return CC_EOF;
}

void LineEditor::edit() {
  int count = 0;
  const wchar_t* const text = ::el_wgets(editor_.get(), &count);
  if (text != nullptr && count > 0) {
    line_.assign(text, static_cast<std::size_t>(count));
    while (!line_.empty() && (line_.back() == L'\n' || line_.back() == L'\r')) line_.pop_back();
    step_ = Step::line;
  } else {
    step_ = cancelled_ || count < 0 ? Step::cancelled : Step::end;
  }
}

// ---- outside of it

LineEditor::Step LineEditor::go_on() {
  const LocaleScope scope(locale_);
  fiber_.resume();
  return step_;
}

void LineEditor::begin(std::wstring prompt) {
  const LocaleScope scope(locale_);
  prompt_ = std::move(prompt);
  cancelled_ = false;
  key_.reset();
  fiber_.start([this] { edit(); });
}

LineEditor::Step LineEditor::feed(wchar_t key) {
  key_ = key;
  return go_on();
}

// Each key that is asked for is refused; the searches and sequences it is in end one after another.
void LineEditor::quit() {
  key_.reset();
  while (editing()) go_on();
}

std::wstring_view LineEditor::before_cursor() const {
  const LineInfoW* const info = ::el_wline(editor_.get());
  return {info->buffer, static_cast<std::size_t>(info->cursor - info->buffer)};
}

std::wstring_view LineEditor::text() const {
  const LineInfoW* const info = ::el_wline(editor_.get());
  return {info->buffer, static_cast<std::size_t>(info->lastchar - info->buffer)};
}

void LineEditor::replace(std::size_t count, const std::wstring& by) {
  if (count != 0) ::el_deletestr(editor_.get(), static_cast<int>(count));
  if (!by.empty()) ::el_winsertstr(editor_.get(), by.c_str());
}

std::size_t LineEditor::row_of(std::size_t columns, std::wstring_view shown) const {
  const LocaleScope scope(locale_);
  LineCells cells(columns);
  cells.add_prompt(prompt_);
  cells.add(shown);
  return cells.row();
}

void LineEditor::wipe(std::size_t columns) {
  if (!can_move_) return write("\n");
  const std::size_t up = row_of(columns, before_cursor());
  write("\r" + (up == 0 ? "" : "\033[" + std::to_string(up) + "A") + "\033[J");
}

void LineEditor::leave(std::size_t columns, std::string_view mark) {
  const std::size_t down = row_of(columns, text()) - row_of(columns, before_cursor());
  write((down == 0 ? "" : std::string(down, '\n')) + std::string(mark) + "\n");
}

void LineEditor::draw() {
  const LocaleScope scope(locale_);
  ::el_wset(editor_.get(), EL_REFRESH);
}

void LineEditor::resized() { ::el_resize(editor_.get()); }

void LineEditor::beep() { write("\a"); }

void LineEditor::write(std::string_view octets) {
  std::fwrite(octets.data(), 1, octets.size(), output_.get());
  std::fflush(output_.get());
}

}  // namespace poe
