package fatal

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	println("a goroutine was left behind")
	os.Exit(1)
}

func TestGood(*testing.T) {}
