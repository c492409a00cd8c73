package unbuilt

import "testing"

func TestCount(t *testing.T) { var count int = "25" }
