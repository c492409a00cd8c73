package cycle

// Promise is what a cycle promises, in one sentence. Tests name a broken promise by it.
type Promise string

// The promises that every cycle keeps, whatever the site does. The invariant checker of
// the tests holds every call and every end of thousands of drawn sites against them.
const (
	A0  Promise = "A0: the cheapest way goes first: running members are asked, then stations that are off are woken, only then stations are restarted"
	A1  Promise = "A1: restarts under way never exceed what is still missing; the counts are read again before every start"
	A2  Promise = "A2: never more than max_parallel stations are down, and none is restarted more than max_restarts_per_station times"
	A3  Promise = "A3: no station is restarted while a user is logged on, unless forced; it is looked at again immediately before"
	A4  Promise = "A4: nothing starts outside the maintenance window, nor what cannot be expected to end inside it"
	A5  Promise = "A5: a restart is over only when the station's own uptime shows that it started anew"
	A6  Promise = "A6: a restart counts only with evidence: the host's count, or a record with the new client machine id and an activation id of that product"
	A7  Promise = "A7: a product without a request two minutes after its start is asked to make one; an id that was counted already takes its station out only once its request was seen"
	A8  Promise = "A8: when no station can add anything, the cycle stops and says why, station by station"
	A9  Promise = "A9: when the thresholds hold the cycle stops; only unlicensed products with a KMS client key are asked to activate"
	A10 Promise = "A10: cancelled, it starts nothing, returns within two seconds, and its result is true"
	A11 Promise = "A11: started again after a crash, it restarts no member that does not answer and makes nothing that is already counted"
	A12 Promise = "A12: the same seed and the same site give the same run"
	A13 Promise = "A13: cycles on one KMS host share one ledger of what is under way"
	A14 Promise = "A14: every member's part ends: without progress for station_timeout it is left out, whatever else it answers"
	A15 Promise = "A15: nobody holds others up: a count is kept for a member only while there is a reason to expect it"
	A16 Promise = "A16: every answer to a request for activation that does not mean counted is a refusal, whatever its code"
	A17 Promise = "A17: a verdict about a product family is drawn from all its client licences, in any order"
	A18 Promise = "A18: a ceiling of the host's count below a target is seen: before the first restart, or after two that the count does not show"
	A19 Promise = "A19: whoever is left out is named with the reason; numbers are those last seen, and restarts only those that were made"
)
