// SPDX-License-Identifier: MIT
#include "poe/address.hpp"

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "mailbox.hpp"

namespace poe {

Address::Address(SessionId id, std::shared_ptr<Mailbox> mailbox) noexcept : id_(id), mailbox_(std::move(mailbox)) {}
Address::Address(const Address&) noexcept = default;
Address::Address(Address&&) noexcept = default;
Address& Address::operator=(const Address&) noexcept = default;
Address& Address::operator=(Address&&) noexcept = default;
Address::~Address() = default;

Result<void> Address::send(const EventKey& event, void* payload) const {
  Letter letter(id_, event, payload);
  if (mailbox_ == nullptr) return failure(Errc::closed, "post", event.name, "this address was moved from");
  return mailbox_->put(std::move(letter));
}

Result<void> Address::defer(Fn<void()> work) const { return post(internal::deferred, std::move(work)); }

PostbackBase::PostbackBase(SessionId id, std::shared_ptr<Mailbox> mailbox, const EventKey& event) noexcept
    : mailbox_(std::move(mailbox)), id_(id), event_(&event) {}

PostbackBase::PostbackBase(PostbackBase&& other) noexcept
    : mailbox_(std::move(other.mailbox_)), id_(other.id_), event_(other.event_), holds_(other.holds_) {}

PostbackBase& PostbackBase::operator=(PostbackBase&& other) noexcept {
  if (this != &other) {
    weaken();
    mailbox_ = std::move(other.mailbox_);
    id_ = other.id_;
    event_ = other.event_;
    holds_ = other.holds_;
  }
  return *this;
}

PostbackBase::~PostbackBase() { weaken(); }

// On the loop thread the reference goes at once; from elsewhere its release travels through the mailbox.
void PostbackBase::weaken() noexcept {
  if (mailbox_ == nullptr || !std::exchange(holds_, false)) return;
  if (KernelCore* core = mailbox_->here()) {
    core->release_postback(id_);
  } else {
    static_cast<void>(mailbox_->put(Letter(id_)));
  }
}

Result<void> PostbackBase::send(void* payload) const {
  Letter letter(id_, *event_, payload);
  if (mailbox_ == nullptr) return failure(Errc::closed, "post", event_->name, "this postback was moved from");
  KernelCore* core = mailbox_->here();
  if (core == nullptr) return mailbox_->put(std::move(letter));
  return core->post_letter(letter);
}

Result<void> PostbackBase::call(void* payload, void* ret, std::uint64_t result) const {
  KernelCore* core = mailbox_ != nullptr ? mailbox_->here() : nullptr;
  if (core != nullptr) return core->call_now(id_, *event_, payload, ret, result);
  if (event_->ops->destroy != nullptr) event_->ops->destroy(payload);
  return failure(Errc::closed, "call", event_->name,
                 mailbox_ == nullptr ? "this callback was moved from" : "its kernel is gone, or on another thread",
                 "use a Postback or an Address");
}

}  // namespace poe
