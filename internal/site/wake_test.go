package site

import (
	"bytes"
	"errors"
	"net"
	"testing"
)

func TestAMagicPacketNamesTheCardSixteenTimes(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	w := (&Site{}).At("kms01").Waking(listener.LocalAddr().String(), map[string]string{"PC01": "02:00:5E:10:01:01"})
	if err := w.Wake(t.Context(), "PC01"); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 200)
	n, _, err := listener.ReadFrom(packet)
	if err != nil {
		t.Fatal(err)
	}
	card := []byte{0x02, 0x00, 0x5E, 0x10, 0x01, 0x01}
	if want := append(bytes.Repeat([]byte{0xFF}, 6), bytes.Repeat(card, 16)...); !bytes.Equal(packet[:n], want) {
		t.Errorf("% x", packet[:n])
	}
	if err := w.Wake(t.Context(), "PC02"); !errors.Is(err, errNoMAC) {
		t.Errorf("a card that nobody knows: %v", err)
	}
}

func TestWakeOnLANGoesToPort9(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{"10.1.101.255": "10.1.101.255:9", "10.1.101.255:7": "10.1.101.255:7"} {
		if got := withPort(written); got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
	}
}
