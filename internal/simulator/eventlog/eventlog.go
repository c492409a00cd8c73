// Package eventlog is the event log of a simulated machine.
package eventlog

import (
	"slices"
	"time"
)

// Record is one event, as Win32_NTLogEvent shows it.
type Record struct {
	Number     uint32    // RecordNumber
	Time       time.Time // TimeGenerated, on the clock of the machine that wrote it
	ID         int       // EventCode
	Insertions string    // fields separated by comma
}

// Log keeps Size records and loses the oldest.
type Log struct {
	Size    int
	written uint32
	records []Record
}

// Add writes a record.
func (l *Log) Add(at time.Time, id int, insertions string) {
	l.written++
	if len(l.records) >= 2*l.Size {
		l.records = append(l.records[:0], l.records[len(l.records)-l.Size:]...)
	}
	l.records = append(l.records, Record{Number: l.written, Time: at, ID: id, Insertions: insertions})
}

// ForgetLast takes back the record that was written last.
func (l *Log) ForgetLast() { l.records = l.records[:len(l.records)-1] }

// Lose takes the oldest records out; 0: all.
func (l *Log) Lose(number int) {
	held := l.All()
	if number == 0 || number > len(held) {
		number = len(held)
	}
	l.records = held[number:]
}

// All gives what the log still holds, the oldest first.
func (l *Log) All() []Record { return l.records[max(0, len(l.records)-l.Size):] }

// Since gives what is no older; a clock that jumped has mixed the order of times.
func (l *Log) Since(moment time.Time) []Record {
	return slices.DeleteFunc(slices.Clone(l.All()), func(r Record) bool { return r.Time.Before(moment) })
}
