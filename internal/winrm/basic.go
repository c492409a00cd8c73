package winrm

import (
	"context"
	"encoding/base64"
	"net/http"
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

// prove has nothing to do: the credentials go with every message.
func (s *basicSession) prove(context.Context, *conn) error { return nil }

func (s *basicSession) seals() bool { return false }

func (s *basicSession) seal(envelope []byte) (http.Header, []byte, error) {
	credentials := s.account.name + ":" + s.account.password()
	return http.Header{
		"Content-Type":  {soapType},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))},
	}, envelope, nil
}

func (s *basicSession) open(answer *reply) ([]byte, error) { return answer.body, nil }
