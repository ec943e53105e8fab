// SPDX-License-Identifier: MIT
//
// The GTK window of the chat, with a Probe beside its sessions.
#include <cstdio>

#include "chat_options.hpp"
#include "probe.hpp"
#include "window.hpp"

namespace {

struct Program {
  chat::Options options;
  poe::Kernel& kernel;
  long ticks = 0, frames = 0;
};

std::string text_of(GtkTextBuffer* buffer) {
  GtkTextIter begin, end;
  gtk_text_buffer_get_bounds(buffer, &begin, &end);
  char* text = gtk_text_buffer_get_text(buffer, &begin, &end, FALSE);
  std::string kept = text;
  g_free(text);
  return kept;
}

/// The first widget in and below `widget` that `is`, or nullptr.
template <class Is>
GtkWidget* find(GtkWidget* widget, Is is) {
  if (is(widget)) return widget;
  for (GtkWidget* one = gtk_widget_get_first_child(widget); one != nullptr; one = gtk_widget_get_next_sibling(one))
    if (GtkWidget* found = find(one, is)) return found;
  return nullptr;
}

std::string status_of(GtkWindow* window) {
  const auto is_status = [](GtkWidget* one) { return gtk_widget_has_css_class(one, "chat-status") != FALSE; };
  return gtk_label_get_text(GTK_LABEL(find(GTK_WIDGET(window), is_status)));
}

bool is_popup_open(GtkWindow* window) {
  const auto is_menu = [](GtkWidget* one) { return GTK_IS_MENU_BUTTON(one) != FALSE; };
  GtkPopover* menu = gtk_menu_button_get_popover(GTK_MENU_BUTTON(find(GTK_WIDGET(window), is_menu)));
  if (menu != nullptr && gtk_widget_get_mapped(GTK_WIDGET(menu)) != FALSE) return true;
  bool modal = false;
  GList* all = gtk_window_list_toplevels();
  for (const GList* one = all; one != nullptr; one = one->next)
    modal |= gtk_window_get_modal(GTK_WINDOW(one->data)) && gtk_widget_get_visible(GTK_WIDGET(one->data));
  g_list_free(all);
  return modal;
}

poe::test::View view_of(GtkWindow* window) {
  const auto is_scrolled = [](GtkWidget* one) { return GTK_IS_SCROLLED_WINDOW(one) != FALSE; };
  GtkWidget* scrolled = find(GTK_WIDGET(window), is_scrolled);
  GtkAdjustment* at = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(scrolled));
  const double below = gtk_adjustment_get_upper(at) - gtk_adjustment_get_page_size(at) - gtk_adjustment_get_value(at);
  return {gtk_widget_get_width(scrolled), gtk_widget_get_height(scrolled), below < 1};
}

void count_frames(GtkWidget* widget, Program* program) {
  gtk_widget_add_tick_callback(
      widget,
      [](GtkWidget* drawn, GdkFrameClock*, gpointer) -> gboolean {
        gtk_widget_queue_draw(drawn);
        return G_SOURCE_CONTINUE;
      },
      nullptr, nullptr);
  g_signal_connect_swapped(gtk_widget_get_frame_clock(widget), "after-paint",
                           G_CALLBACK(+[](Program* self) { ++self->frames; }), program);
}

void activate(GApplication* application, Program* program) {
  chat::Window& window = chat::Window::open(GTK_APPLICATION(application), program->kernel);
  count_frames(GTK_WIDGET(window.widget()), program);
  g_timeout_add(
      50,
      [](gpointer self) -> gboolean {
        ++static_cast<Program*>(self)->ticks;
        return G_SOURCE_CONTINUE;
      },
      program);
  if (program->options.serve) {
    window.serve(*program->options.serve, program->options.where);
  } else {
    window.join(program->options.where);
  }
  program->kernel.spawn<poe::test::Probe>(poe::test::Toolkit{
      [=] { return program->ticks; }, [=] { return program->frames; }, [&window] { return text_of(window.log()); },
      [&window] { return status_of(window.widget()); }, [&window] { return is_popup_open(window.widget()); },
      [&window] { return view_of(window.widget()); }});
}

}  // namespace

int main(int argc, char** argv) {
  auto [options, exit_code] = chat::parse_options(argc, argv, "chat_gtk");
  if (exit_code) return *exit_code;
  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::glib()) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "%s\n", guest.error().report().c_str()), 1;
  Program program{std::move(options), *kernel};
  GtkApplication* application = gtk_application_new("org.poe.chat.probe", G_APPLICATION_NON_UNIQUE);
  g_signal_connect(application, "activate", G_CALLBACK(activate), &program);
  const int code = g_application_run(G_APPLICATION(application), 1, argv);
  g_object_unref(application);
  return code;
}
