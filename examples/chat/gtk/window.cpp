// SPDX-License-Identifier: MIT
#include "window.hpp"

#include <functional>

#include "connect_dialog.hpp"

namespace chat {
namespace {

constexpr int kMargin = 12, kGap = 8, kLinesKept = 5000;

constexpr char kStyle[] =
    ".chat-log { border: 1px solid alpha(currentColor, 0.2); border-radius: 8px; }"
    ".chat-log textview { background: transparent; }"
    ".chat-status { opacity: 0.75; font-size: 0.92em; }";

void use_style(GtkWidget* widget) {
  GtkCssProvider* css = gtk_css_provider_new();
  gtk_css_provider_load_from_data(css, kStyle, -1);
  gtk_style_context_add_provider_for_display(gtk_widget_get_display(widget), GTK_STYLE_PROVIDER(css),
                                             GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  g_object_unref(css);
}

/// The speaker's colour: the same for the same name.
GtkTextTag* name_tag(GtkTextBuffer* log, const std::string& name) {
  const std::string tag = "name " + name;
  if (GtkTextTag* known = gtk_text_tag_table_lookup(gtk_text_buffer_get_tag_table(log), tag.c_str())) return known;
  static constexpr const char* kColours[] = {"#1a5fb4", "#26874f", "#a0522d", "#813d9c", "#a51d2d", "#0f7a85"};
  const char* colour = kColours[std::hash<std::string>{}(name) % std::size(kColours)];
  return gtk_text_buffer_create_tag(log, tag.c_str(), "weight", PANGO_WEIGHT_BOLD, "foreground", colour, nullptr);
}

void append(GtkTextBuffer* log, const std::string& text, GtkTextTag* tag = nullptr) {
  GtkTextIter end;
  gtk_text_buffer_get_end_iter(log, &end);
  gtk_text_buffer_insert_with_tags(log, &end, text.c_str(), static_cast<int>(text.size()), tag, nullptr);
}

std::string valid_text(const std::string& text) {
  char* valid = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
  std::string kept = valid;
  g_free(valid);
  return kept;
}

/// Labels that can be selected take the focus, and the first one then shows as selected.
void make_labels_plain(GtkWidget* widget) {
  if (GTK_IS_LABEL(widget)) gtk_label_set_selectable(GTK_LABEL(widget), FALSE);
  for (GtkWidget* one = gtk_widget_get_first_child(widget); one != nullptr; one = gtk_widget_get_next_sibling(one))
    make_labels_plain(one);
}

void show_about(Window& window) {
  GtkWidget* about = gtk_about_dialog_new();
  g_object_set(about, "program-name", "POE chat", "version", "GTK 4", "logo-icon-name", "system-users-symbolic",
               "comments", "The sessions of the program chat, as guests of GTK.\nThey go on while this dialog is open.",
               nullptr);
  gtk_window_set_transient_for(GTK_WINDOW(about), window.widget());
  gtk_window_set_modal(GTK_WINDOW(about), TRUE);
  gtk_window_set_destroy_with_parent(GTK_WINDOW(about), TRUE);
  make_labels_plain(about);
  gtk_window_present(GTK_WINDOW(about));
}

GtkWidget* column(int spacing) { return gtk_box_new(GTK_ORIENTATION_VERTICAL, spacing); }

}  // namespace

Window& Window::open(GtkApplication* application, poe::Kernel& kernel) {
  auto* window = new Window(application, kernel);
  g_object_set_data_full(G_OBJECT(window->window_), "chat", window,
                         [](gpointer self) { delete static_cast<Window*>(self); });
  gtk_window_present(window->window_);
  return *window;
}

Window::Window(GtkApplication* application, poe::Kernel& kernel)
    : kernel_(kernel), window_(GTK_WINDOW(gtk_application_window_new(application))) {
  use_style(GTK_WIDGET(window_));
  gtk_window_set_title(window_, "POE chat");
  gtk_window_set_default_size(window_, 560, 440);
  gtk_window_set_titlebar(window_, header());
  add_actions(application);
  GtkWidget* contents = column(kGap);
  gtk_widget_set_margin_start(contents, kMargin);
  gtk_widget_set_margin_end(contents, kMargin);
  gtk_widget_set_margin_top(contents, kMargin);
  gtk_widget_set_margin_bottom(contents, kGap);
  gtk_box_append(GTK_BOX(contents), log_view());
  gtk_box_append(GTK_BOX(contents), entry_row());
  status_ = gtk_label_new("");
  gtk_widget_add_css_class(status_, "chat-status");
  gtk_label_set_xalign(GTK_LABEL(status_), 0);
  gtk_label_set_ellipsize(GTK_LABEL(status_), PANGO_ELLIPSIZE_END);
  gtk_box_append(GTK_BOX(contents), status_);
  gtk_window_set_child(window_, contents);
  gtk_window_set_focus(window_, entry_);
  leave();
}

GtkWidget* Window::header() {
  GMenu* menu = g_menu_new();
  GMenu* first = g_menu_new();
  g_menu_append(first, "_Connect…", "win.connect");
  g_menu_append(first, "_Disconnect", "win.disconnect");
  g_menu_append_section(menu, nullptr, G_MENU_MODEL(first));
  GMenu* second = g_menu_new();
  g_menu_append(second, "_About POE chat", "win.about");
  g_menu_append(second, "_Quit", "win.quit");
  g_menu_append_section(menu, nullptr, G_MENU_MODEL(second));
  GtkWidget* button = gtk_menu_button_new();
  gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "open-menu-symbolic");
  gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
  gtk_menu_button_set_primary(GTK_MENU_BUTTON(button), TRUE);  // F10
  GtkWidget* bar = gtk_header_bar_new();
  gtk_header_bar_pack_end(GTK_HEADER_BAR(bar), button);
  for (GMenu* model : {menu, first, second}) g_object_unref(model);
  return bar;
}

void Window::add_actions(GtkApplication* application) {
  const auto handler = [](auto function) {
    return G_CALLBACK(static_cast<void (*)(GSimpleAction*, GVariant*, gpointer)>(function));
  };
  const auto add = [&](const char* name, GCallback call, const char* key) {
    GSimpleAction* action = g_simple_action_new(name, nullptr);
    g_signal_connect(action, "activate", call, this);
    g_action_map_add_action(G_ACTION_MAP(window_), G_ACTION(action));
    g_object_unref(action);
    const char* keys[] = {key, nullptr};
    gtk_application_set_accels_for_action(application, (std::string("win.") + name).c_str(), keys);
  };
  add("connect", handler([](auto*, auto*, gpointer self) { ask_where(*static_cast<Window*>(self)); }), "<Control>n");
  add("disconnect", handler([](auto*, auto*, gpointer self) { static_cast<Window*>(self)->leave(); }), "<Control>d");
  add("about", handler([](auto*, auto*, gpointer self) { show_about(*static_cast<Window*>(self)); }), "F1");
  add("quit", handler([](auto*, auto*, gpointer self) { gtk_window_close(static_cast<Window*>(self)->window_); }),
      "<Control>q");
}

GtkWidget* Window::log_view() {
  view_ = gtk_text_view_new();
  auto* view = GTK_TEXT_VIEW(view_);
  gtk_text_view_set_editable(view, FALSE);
  gtk_text_view_set_cursor_visible(view, FALSE);
  gtk_text_view_set_wrap_mode(view, GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin(view, 10);
  gtk_text_view_set_right_margin(view, 10);
  gtk_text_view_set_top_margin(view, kGap);
  gtk_text_view_set_bottom_margin(view, kGap);
  gtk_text_view_set_pixels_below_lines(view, 4);
  log_ = gtk_text_view_get_buffer(view);
  gtk_text_buffer_create_tag(log_, "news", "foreground", "#77767b", nullptr);
  GtkWidget* scrolled = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), view_);
  gtk_widget_add_css_class(scrolled, "chat-log");
  gtk_widget_add_css_class(scrolled, "view");
  gtk_widget_set_vexpand(scrolled, TRUE);
  follow_end(scrolled);
  return scrolled;
}

// Whoever has scrolled up stays where they are. Why with the next frame if the size is another one: while the text is
// laid out anew, it moves the position itself, and last.
void Window::follow_end(GtkWidget* scrolled) {
  GtkAdjustment* position = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(scrolled));
  static constexpr auto end_of = [](GtkAdjustment* of) {
    return gtk_adjustment_get_upper(of) - gtk_adjustment_get_page_size(of);
  };
  using Call = void (*)(GtkAdjustment*, Window*);
  const Call moved = [](GtkAdjustment* of, Window* self) {
    if (!self->follows_) self->at_end_ = gtk_adjustment_get_value(of) >= end_of(of) - kGap;
  };
  const Call grown = [](GtkAdjustment* of, Window* self) {
    if (!self->at_end_ || self->follows_) return;
    const std::pair size(gtk_widget_get_width(self->view_), gtk_adjustment_get_page_size(of));
    if (std::exchange(self->log_size_, size) == size) return gtk_adjustment_set_value(of, end_of(of));
    self->follows_ = true;
    const GtkTickCallback follow = [](GtkWidget* log, GdkFrameClock*, gpointer window) -> gboolean {
      GtkAdjustment* of = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(log));
      gtk_adjustment_set_value(of, end_of(of));
      static_cast<Window*>(window)->follows_ = false;
      return G_SOURCE_REMOVE;
    };
    gtk_widget_add_tick_callback(gtk_widget_get_parent(self->view_), follow, self, nullptr);
  };
  g_signal_connect(position, "value-changed", G_CALLBACK(moved), this);
  g_signal_connect(position, "changed", G_CALLBACK(grown), this);
}

GtkWidget* Window::entry_row() {
  GtkWidget* row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, kGap);
  entry_ = gtk_entry_new();
  gtk_entry_set_placeholder_text(GTK_ENTRY(entry_), "Message, or /msg NAME for one alone");
  gtk_widget_set_hexpand(entry_, TRUE);
  send_ = gtk_button_new_with_mnemonic("_Send");
  gtk_widget_add_css_class(send_, "suggested-action");
  gtk_box_append(GTK_BOX(row), entry_);
  gtk_box_append(GTK_BOX(row), send_);
  g_signal_connect_swapped(entry_, "activate",
                           G_CALLBACK(+[](GtkWidget* send) { g_signal_emit_by_name(send, "clicked"); }), send_);
  return row;
}

void Window::serve(const std::string& port, Where where) {
  const auto listening = chat::serve(kernel_, port);
  if (!listening) return set_status(listening.error().message(), false);
  add_line("* This window serves the chat on port " + *listening);
  where.host = "127.0.0.1";
  where.port = *listening;
  join(where);
}

void Window::join(const Where& where) {
  leave();
  where_ = where;
  Face face;
  face.line = poe::glib::queued<std::string>(window_, [this](const std::string& line) { add_line(line); });
  face.status =
      poe::glib::queued<std::string, bool>(window_, [this, visit = visit_](const std::string& text, bool connected) {
        if (visit == visit_) set_status(text, connected);
      });
  client_ = chat::join(kernel_, where.host, where.port, where.nick, std::move(face));
  typing_ = *poe::glib::post_on(send_, "clicked", kernel_.address(*client_), typed, [this] { return take_text(); });
}

void Window::leave() {
  typing_.cancel();
  if (client_) static_cast<void>(kernel_.post(*client_, poe::tcp::shutdown));
  client_.reset();
  ++visit_;
  set_status("Not connected. ☰ ▸ Connect… joins a server", false);
}

std::string Window::take_text() {
  std::string text = gtk_editable_get_text(GTK_EDITABLE(entry_));
  gtk_editable_set_text(GTK_EDITABLE(entry_), "");
  return text;
}

void Window::add_line(const std::string& line) {
  const std::string text = valid_text(line);
  if (gtk_text_buffer_get_char_count(log_) > 0) append(log_, "\n");
  const std::size_t colon = text.find(": ");
  if (text.starts_with("* ")) {
    append(log_, text.substr(2), gtk_text_tag_table_lookup(gtk_text_buffer_get_tag_table(log_), "news"));
  } else if (colon == std::string::npos) {
    append(log_, text);
  } else {
    const std::string name = text.substr(0, colon);
    append(log_, name, name_tag(log_, name.substr(0, name.find(' '))));
    append(log_, "  " + text.substr(colon + 2));
  }
  if (const int surplus = gtk_text_buffer_get_line_count(log_) - kLinesKept; surplus > 0) {
    GtkTextIter begin, end;
    gtk_text_buffer_get_start_iter(log_, &begin);
    gtk_text_buffer_get_iter_at_line(log_, &end, surplus);
    gtk_text_buffer_delete(log_, &begin, &end);
  }
}

void Window::set_status(const std::string& text, bool connected) {
  gtk_label_set_text(GTK_LABEL(status_), valid_text(text).c_str());
  const bool before = gtk_widget_get_sensitive(entry_) != FALSE;
  gtk_widget_set_sensitive(entry_, connected);
  gtk_widget_set_sensitive(send_, connected);
  if (connected && !before) gtk_widget_grab_focus(entry_);
}

}  // namespace chat
