//===- Status.h - errors as values ------------------------------------------===//
//
// Nothing in ThriftJIT's runtime throws, exits or prints across its API. A function that can fail returns a Status, or a
// Result<T> that holds either a value or a Status:
//
//   Result<Plan> plan = context.plan(spec);
//   if (!plan)
//     return plan.status();   // code, sentence, field, the value seen, the values allowed
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_STATUS_H
#define THRIFTJIT_RUNTIME_STATUS_H

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace thrift {

/// What went wrong, coarse enough to branch on. The command line's exit codes follow from it.
enum class StatusCode {
  Ok,
  InvalidArgument,    ///< the caller's input is wrong
  Unsupported,        ///< valid, but no lowering or device of ours does it
  CompileFailed,      ///< a compiler stage or the assembler failed
  DeviceUnavailable,  ///< no driver, no GPU, or a GPU that cannot run the target
  DeviceError,        ///< the driver or the simulator reported an error
  IoError,            ///< a file could not be read or written
  Internal,           ///< a broken invariant of ours
};

/// The outcome of an operation: success, or a code with a sentence that helps.
/// `field`, `value` and `allowed` are set where one input is to blame; `message` is a whole sentence in any case.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status ok() { return {}; }

  /// `field` is `value`, but must be `allowed`.
  static Status invalid(std::string field, std::string value, std::string allowed) {
    return blame(StatusCode::InvalidArgument, std::move(field), std::move(value), std::move(allowed));
  }
  /// `field` is `value`, which is legal in principle, but only `allowed` is built.
  static Status unsupported(std::string field, std::string value, std::string allowed) {
    return blame(StatusCode::Unsupported, std::move(field), std::move(value), std::move(allowed));
  }

  bool isOk() const { return code_ == StatusCode::Ok; }
  explicit operator bool() const { return isOk(); }

  StatusCode code() const { return code_; }
  const std::string &message() const { return message_; }
  const std::string &field() const { return field_; }
  const std::string &value() const { return value_; }
  const std::string &allowed() const { return allowed_; }

private:
  static Status blame(StatusCode code, std::string field, std::string value, std::string allowed) {
    Status status(code, field + " is " + value + "; allowed: " + allowed);
    status.field_ = std::move(field);
    status.value_ = std::move(value);
    status.allowed_ = std::move(allowed);
    return status;
  }

  StatusCode code_ = StatusCode::Ok;
  std::string message_, field_, value_, allowed_;
};

/// Either a value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : content_(std::in_place_index<1>, std::move(status)) {
    assert(!std::get<1>(content_).isOk() && "a Result without a value needs a reason");
  }

  explicit operator bool() const { return content_.index() == 0; }
  Status status() const { return *this ? Status::ok() : std::get<1>(content_); }

  T &operator*() & { return value(); }
  const T &operator*() const & { return value(); }
  T &&operator*() && { return std::move(value()); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &value(); }

private:
  T &value() {
    assert(*this && "value of a failed Result");
    return std::get<0>(content_);
  }
  const T &value() const {
    assert(*this && "value of a failed Result");
    return std::get<0>(content_);
  }

  std::variant<T, Status> content_;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_STATUS_H
