package kms

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ids of the events in which clients and host write down what was asked and counted
// (provider Microsoft-Windows-Security-SPP).
const (
	EventRequest = 12288 // client, Application: a request was sent
	EventAnswer  = 12289 // client, Application: the host's answer
	EventCounted = 12290 // host, Key Management Service: a request was received
)

// Request is event 12288: a client asked a KMS host.
type Request struct {
	Time         time.Time // when the event was written, on the client's clock
	Code         Code
	Host         string // host:port that was asked
	CMID         CMID
	Status       LicenceStatus
	ActivationID string // which product asked, lower case
	Threshold    int    // of that product
}

// Answer is event 12289: what the host answered. It names no product; see Exchange.
type Answer struct {
	Time      time.Time
	Code      Code
	Activated bool
	Count     int // on the host, when it answered
}

// Exchange is a request with its answer; nil when the host was not reached.
type Exchange struct {
	Request
	Answer *Answer
}

// Counted is event 12290: the host received a request.
type Counted struct {
	Time         time.Time // when the event was written, on the host's clock
	Code         Code
	Threshold    int    // of the product that asked
	Client       string // the client's name
	CMID         CMID
	Status       LicenceStatus
	ActivationID string
}

var errFields = errors.New("not the fields of this event")

// Field positions, from Microsoft's documentation of the events (facts with samples:
// previous-versions/ff793441 and ff793440).
const (
	requestFields = 10 // HRESULT, flags, host:port, CMID, client time, VM, status, minutes, activation id, threshold
	answerFields  = 8  // HRESULT, flags, activated, unused, count, activation interval, renewal interval, client time
	countedFields = 9  // HRESULT, threshold, name, CMID, client time, VM, status, minutes, activation id
)

// fieldsOf splits an event's insertion strings: one string with commas or a string
// per field, both occur.
func fieldsOf(insertions []string, want int) ([]string, error) {
	fields := strings.Split(strings.Join(insertions, ","), ",")
	if len(fields) < want {
		return nil, fmt.Errorf("%w: %d fields, expected %d", errFields, len(fields), want)
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields, nil
}

// ParseRequest reads event 12288.
func ParseRequest(written time.Time, insertions []string) (Request, error) {
	f, err := fieldsOf(insertions, requestFields)
	if err != nil {
		return Request{}, err
	}
	r := Request{Time: written, Host: f[2], CMID: ParseCMID(f[3]), ActivationID: strings.ToLower(f[8])}
	var status int
	err = errors.Join(parseCode(f[0], &r.Code), parseNumber(f[6], &status), parseNumber(f[9], &r.Threshold))
	r.Status = LicenceStatus(status) //nolint:gosec // parseNumber admits 0 to 65535
	return r, err
}

// ParseAnswer reads event 12289.
func ParseAnswer(written time.Time, insertions []string) (Answer, error) {
	f, err := fieldsOf(insertions, answerFields)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Time: written, Activated: f[2] == "1"}
	return a, errors.Join(parseCode(f[0], &a.Code), parseNumber(f[4], &a.Count))
}

// ParseCounted reads event 12290.
func ParseCounted(written time.Time, insertions []string) (Counted, error) {
	f, err := fieldsOf(insertions, countedFields)
	if err != nil {
		return Counted{}, err
	}
	c := Counted{Time: written, Client: f[2], CMID: ParseCMID(f[3]), ActivationID: strings.ToLower(f[8])}
	var status int
	err = errors.Join(parseCode(f[0], &c.Code), parseNumber(f[1], &c.Threshold), parseNumber(f[6], &status))
	c.Status = LicenceStatus(status) //nolint:gosec // parseNumber admits 0 to 65535
	return c, err
}

func parseCode(text string, code *Code) error {
	n, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return fmt.Errorf("%w: code %q", errFields, text)
	}
	*code = Code(n)
	return nil
}

func parseNumber(text string, number *int) error {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("%w: number %q", errFields, text)
	}
	*number = int(n)
	return nil
}

// Pair puts answers to the requests before them. An answer belongs to the latest request
// before it that has none yet, and of those of one moment to the first: Windows dates its
// records by the second, and two products may ask within one. A request whose answer never
// came keeps nil. The exchanges stand in the order of the requests.
func Pair(requests []Request, answers []Answer) []Exchange {
	exchanges := make([]Exchange, len(requests))
	requested := make([]*Exchange, len(requests))
	for i, r := range requests {
		exchanges[i].Request, requested[i] = r, &exchanges[i]
	}
	answered := make([]*Answer, len(answers))
	for i := range answers {
		answered[i] = &answers[i]
	}
	// A clock that was set back leaves a log whose order is not that of its times.
	slices.SortStableFunc(requested, func(x, y *Exchange) int { return x.Time.Compare(y.Time) })
	slices.SortStableFunc(answered, func(x, y *Answer) int { return x.Time.Compare(y.Time) })

	var open [][]*Exchange // requests without an answer, by the moment, the latest moment last
	for _, answer := range answered {
		for len(requested) > 0 && !requested[0].Time.After(answer.Time) {
			if last := len(open) - 1; last >= 0 && open[last][0].Time.Equal(requested[0].Time) {
				open[last] = append(open[last], requested[0])
			} else {
				open = append(open, requested[:1:1])
			}
			requested = requested[1:]
		}
		if last := len(open) - 1; last >= 0 {
			open[last][0].Answer = answer
			if open[last] = open[last][1:]; len(open[last]) == 0 {
				open = open[:last]
			}
		}
	}
	return exchanges
}

// CountedFor is how long a client machine id stays in the host's count after it was
// last seen (learn.microsoft.com, kms-activation-planning).
const CountedFor = 30 * 24 * time.Hour

// LogOverlap is what of a host's log is read again with every read that goes on, since
// records of one moment may be written later.
const LogOverlap = 5 * time.Second

// Later is the later one of two moments.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
