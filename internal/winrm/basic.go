package winrm

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// basicSession sends the account with every request.
type basicSession struct{ account account }

func (s *basicSession) perConnection() bool { return false }

// greet asks without credentials, so that the password goes only to a machine
// that takes Basic.
func (s *basicSession) greet(ctx context.Context, c *conn) error {
	answer, err := roundTrip(ctx, c, "")
	if err != nil {
		return err
	}
	if err := expectChallenge(c, answer); err != nil {
		return err
	}
	_, err = challenge(answer, "Basic")
	return err
}

// prove makes an Identify that only an account may make.
func (s *basicSession) prove(ctx context.Context, c *conn) error {
	header, body, err := s.seal([]byte(wsman.Identify()))
	if err != nil {
		return err
	}
	answer, err := c.post(ctx, header, body, time.Now().Add(c.roundTripLimit))
	if err != nil {
		return err
	}
	return outcome(c, answer)
}

func (s *basicSession) seal(envelope []byte) (http.Header, []byte, error) {
	credentials := s.account.name + ":" + s.account.password()
	return http.Header{
		"Content-Type":  {soapType},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))},
	}, envelope, nil
}

func (s *basicSession) open(answer *reply) ([]byte, error) { return answer.body, nil }
