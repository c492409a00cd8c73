package site

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAnErrorOfManyStationsNamesTheFirstAndThoseThatDoNotExistBeforeThem(t *testing.T) {
	t.Parallel()
	var errs []error
	for i := range 3_000 {
		errs = append(errs, named("station", fmt.Sprintf("PC%04d", i), errors.New("no answer")))
	}
	errs[7], errs[2_000] = nil, named("station", "PC2000", ErrNotFound)
	got := joined(errs)
	if lines := strings.Split(got.Error(), "\n"); !errors.Is(got, ErrNotFound) || len(lines) != 11 ||
		lines[0] != "station PC2000: not found in Timago" || lines[1] != "station PC0000: no answer" || lines[10] != "and 2989 more" {
		t.Errorf("%d lines:\n%v", len(lines), got)
	}
	if got := joined(make([]error, 3)); got != nil {
		t.Errorf("an error of none: %v", got)
	}
}
