package world

import "time"

// Event is one record of an event log, as Win32_NTLogEvent shows it.
type Event struct {
	Number     uint32    // RecordNumber
	Time       time.Time // TimeGenerated, on the clock of the machine that wrote it
	ID         int       // EventCode
	Insertions string    // fields separated by comma
}

// How Microsoft's samples write the client's time in the events of client and host.
const (
	eventTime     = "2006/01/02 15:04"
	eventTimeHost = "2006/1/2 15:04"
)

// eventLog keeps so many records and loses the oldest.
type eventLog struct {
	size    int
	written uint32
	records []Event
}

func (l *eventLog) add(at time.Time, id int, insertions string) {
	l.written++
	if len(l.records) >= 2*l.size {
		l.records = append(l.records[:0], l.records[len(l.records)-l.size:]...)
	}
	l.records = append(l.records, Event{Number: l.written, Time: at, ID: id, Insertions: insertions})
}

func (l *eventLog) forgetLast() { l.records = l.records[:len(l.records)-1] }

// lose takes the oldest records out; 0: all.
func (l *eventLog) lose(number int) {
	held := l.all()
	if number == 0 || number > len(held) {
		number = len(held)
	}
	l.records = held[number:]
}

// all gives what the log still holds, the oldest first.
func (l *eventLog) all() []Event { return l.records[max(0, len(l.records)-l.size):] }
