#pragma once
// What becomes of an event before it is written: counted, folded or dropped, by the rules of client-go's correlator.
// Pure; time is an argument.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "io/events.h"

namespace ingressfleet::io {

struct CorrelatedEvent {
  std::string name;  ///< of the Event object: the same for every repetition
  std::string message;
  int count = 1;
  base::TimePoint first{};
  base::TimePoint last{};
};

class EventCorrelator {
 public:
  /// nullopt when the object has used up its burst.
  std::optional<CorrelatedEvent> Correlate(const kube::Object& regarding, const EventNote& note, base::TimePoint now);

 private:
  struct Similar {
    std::set<std::string> messages;
    base::TimePoint last{};
  };
  struct Burst {
    double tokens = 25;
    base::TimePoint last{};
  };

  /// The message to write: the note's own, or one for all similar ones of the last ten minutes.
  std::string Fold(const std::string& key, const EventNote& note, base::TimePoint now);
  bool MayWrite(const std::string& object, base::TimePoint now);
  void ForgetOld(base::TimePoint now);

  std::map<std::string, Similar> similar_;        ///< by object, type, reason
  std::map<std::string, CorrelatedEvent> known_;  ///< by object, type, reason, message as written
  std::map<std::string, Burst> bursts_;           ///< by object
};

}  // namespace ingressfleet::io
