// SPDX-License-Identifier: MIT
#include "connect_dialog.hpp"

#include <cstdlib>
#include <string>

#include "window.hpp"

namespace chat {
namespace {

/// Belongs to the dialog's GtkWindow, as its data.
struct Form {
  Window& window;
  GtkWidget *dialog, *host, *port, *nick, *connect;

  static std::string text(GtkWidget* entry) {
    std::string text = gtk_editable_get_text(GTK_EDITABLE(entry));
    g_strstrip(text.data());
    return text.c_str();
  }
  bool complete() const {
    const int number = std::atoi(text(port).c_str());
    return !text(host).empty() && !text(nick).empty() && number > 0 && number < 65536;
  }
  void accept() {
    if (!complete()) return;
    const Where where{text(host), text(port), text(nick)};
    Window& to = window;
    gtk_window_destroy(GTK_WINDOW(dialog));  // and this with it
    to.join(where);
  }
};

GtkWidget* field(GtkGrid* grid, int row, const char* name, const std::string& text) {
  GtkWidget* label = gtk_label_new_with_mnemonic(name);
  gtk_label_set_xalign(GTK_LABEL(label), 1);
  GtkWidget* entry = gtk_entry_new();
  gtk_editable_set_text(GTK_EDITABLE(entry), text.c_str());
  gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
  gtk_widget_set_hexpand(entry, TRUE);
  gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
  gtk_grid_attach(grid, label, 0, row, 1, 1);
  gtk_grid_attach(grid, entry, 1, row, 1, 1);
  return entry;
}

GtkWidget* make_grid() {
  GtkWidget* grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 10);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  gtk_widget_set_margin_start(grid, 16);
  gtk_widget_set_margin_end(grid, 16);
  gtk_widget_set_margin_top(grid, 16);
  gtk_widget_set_margin_bottom(grid, 16);
  return grid;
}

void add_buttons(Form& form) {
  GtkWidget* bar = gtk_header_bar_new();
  gtk_header_bar_set_show_title_buttons(GTK_HEADER_BAR(bar), FALSE);
  GtkWidget* cancel = gtk_button_new_with_mnemonic("_Cancel");
  form.connect = gtk_button_new_with_mnemonic("C_onnect");
  gtk_widget_add_css_class(form.connect, "suggested-action");
  gtk_header_bar_pack_start(GTK_HEADER_BAR(bar), cancel);
  gtk_header_bar_pack_end(GTK_HEADER_BAR(bar), form.connect);
  gtk_window_set_titlebar(GTK_WINDOW(form.dialog), bar);
  gtk_window_set_default_widget(GTK_WINDOW(form.dialog), form.connect);
  g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_destroy), form.dialog);
  g_signal_connect_swapped(form.connect, "clicked", G_CALLBACK(+[](Form* self) { self->accept(); }), &form);
}

void close_on_escape(GtkWidget* dialog) {
  GtkEventController* keys = gtk_shortcut_controller_new();
  gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                       gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, GdkModifierType{}),
                                                        gtk_named_action_new("window.close")));
  gtk_widget_add_controller(dialog, keys);
}

}  // namespace

void ask_where(Window& window) {
  GtkWidget* dialog = gtk_window_new();
  gtk_window_set_title(GTK_WINDOW(dialog), "Connect");
  gtk_window_set_transient_for(GTK_WINDOW(dialog), window.widget());
  gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
  gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
  gtk_window_set_default_size(GTK_WINDOW(dialog), 340, -1);
  GtkWidget* grid = make_grid();
  const Where& where = window.where();
  auto* form = new Form{window,
                        dialog,
                        field(GTK_GRID(grid), 0, "_Server", where.host),
                        field(GTK_GRID(grid), 1, "_Port", where.port),
                        field(GTK_GRID(grid), 2, "Your _name", where.nick),
                        nullptr};
  g_object_set_data_full(G_OBJECT(dialog), "form", form, [](gpointer self) { delete static_cast<Form*>(self); });
  gtk_window_set_child(GTK_WINDOW(dialog), grid);
  add_buttons(*form);
  for (GtkWidget* entry : {form->host, form->port, form->nick}) {
    g_signal_connect_swapped(entry, "changed",
                             G_CALLBACK(+[](Form* self) { gtk_widget_set_sensitive(self->connect, self->complete()); }),
                             form);
  }
  close_on_escape(dialog);
  gtk_window_present(GTK_WINDOW(dialog));
}

}  // namespace chat
