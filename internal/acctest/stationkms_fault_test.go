package acctest_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

var streamID = regexp.MustCompile(`stream ID \d+`)

// comparable makes a diagnostic comparable: what differs from run to run gets a name.
func (p part) comparable(said acctest.Diagnostic) string {
	p.t.Helper()
	address, _, _ := p.Interface()
	endpoint, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	detail := strings.NewReplacer(p.ClientID(first), "{id}", endpoint.Host, "{host}").Replace(said.Detail)
	return said.Severity + ": " + said.Summary + "\n" + streamID.ReplaceAllString(detail, "stream ID {n}")
}

const (
	cannotSwitchOn = "error: Unable to switch on KMS activation of station R101-PC01\n" +
		`The option "KMS-Aktivierung" is to be on, and the image to be made with it.`
	cannotFind  = "error: Unable to find station R101-PC01\nstation: it was looked for in Timago, to see that there is such a station."
	lastSeenOff = " That of Windows 11 was last seen off."
	cannotReset = "warning: Unable to reset image of station R101-PC01\n" +
		`The option "KMS-Aktivierung" of Windows 11 is on; its image was made otherwise, so effective is false.`
	notStarted = "warning: New images have not started yet\n" +
		"Station R101-PC01: Timago has taken the command to reset the image of Windows 11. Until the new image has started effective is false " +
		"and a plan shows a change; applying that resets nothing twice.\n\n" +
		"timago_activation_pool waits for the images of its members. To wait here, set wait_for_image."
	patched = "\n\nPATCH /api/v1/stations/{id}/operating-systems/Windows 11: "
	listed  = "\n\nGET /api/v1/stations: "
	sent    = "\n\nPOST /api/v1/commands: "

	isServers    = "\n\nThe fault is the server's: look into its log, then run the apply again."
	checkToken   = "\n\nThe server does not accept the provider's token: check token (TIMAGO_TOKEN), whether it has ended, and whether endpoint is the server that issued it."
	lacksRight   = "\n\nThe token (token, TIMAGO_TOKEN) is valid, but has not the right for this. Rights are given per computer group: give its account the right, or use the token of one that has it."
	noSuchPath   = "\n\nThe server does not know this path at all: check that endpoint is the address of the HTTP interface in front of the Timago server."
	somebodyElse = "\n\nSomebody else is changing the same station. Run the apply again when they have finished."
	tooMany      = "\n\nThe server limits its requests: raise max_retries, or run Terraform with a lower -parallelism."
	unwell       = "\n\nCheck that the server is well, or raise request_timeout."
	unreached    = "\n\nCheck that the server runs, that endpoint is right, and that this machine reaches it."
	notPossible  = "\n\nThis is not possible for the station's image: look at the station in Timago, under Stationen > Betriebssystem."
	wantsMending = "\n\nThe server's interface wants mending: it must keep to the contract internal/timago/openapi.yaml, which is this provider's own and not the vendor's."
)

// Each fault comes for one call of an apply that lets a station take part: the read, the
// option, or the command that resets the image. A fault ends the apply only as long as
// nothing has been changed. What is definite about the read is told by the plan.
func TestFaultsOfTheInterface(t *testing.T) {
	t.Parallel()
	const (
		read   = "GET /stations"
		option = "PATCH /stations/{id}/operating-systems/{name}"
		reset  = "POST /commands reset_image"
	)
	for name, tt := range map[string]struct {
		fault world.FaultName
		call  string
		says  string
		on    bool // the option, afterwards
	}{
		"401":                      {world.APIUnauthorized, read, cannotFind + listed + "401 Unauthorized (unauthorized): the token has ended" + checkToken, false},
		"403":                      {world.APIForbidden, option, cannotSwitchOn + lastSeenOff + patched + "403 Forbidden (forbidden): the token has not the right" + lacksRight, false},
		"404 of a proxy":           {world.APIProxyNotFound, read, cannotFind + listed + "404 Not Found" + noSuchPath, false},
		"409":                      {world.APIConflict, option, cannotSwitchOn + lastSeenOff + patched + "409 Conflict (conflict): the station is being edited in Timago" + somebodyElse, false},
		"412":                      {world.APIStaleETag, option, cannotSwitchOn + lastSeenOff + patched + "412 Precondition Failed (precondition_failed): the station has changed since" + somebodyElse, false},
		"422":                      {world.APIInvalidValue, reset, cannotReset + sent + "422 Unprocessable Entity (invalid_value): this is not possible for the image" + notPossible, true},
		"429":                      {world.APIRateLimited, option, cannotSwitchOn + lastSeenOff + patched + "429 Too Many Requests (rate_limited): too many requests" + tooMany, false},
		"500":                      {world.APIInternalError, option, cannotSwitchOn + lastSeenOff + patched + "500 Internal Server Error (internal_error): the database did not answer" + isServers, false},
		"500 of the reset":         {world.APIInternalError, reset, cannotReset + sent + "500 Internal Server Error (internal_error): the database did not answer" + isServers, true},
		"502":                      {world.APIBadGateway, reset, cannotReset + sent + "502 Bad Gateway" + isServers, true},
		"503":                      {world.APIUnavailable, read, cannotSwitchOn + listed + "503 Service Unavailable (unavailable): maintenance" + isServers, false},
		"504, carried out":         {world.APIGatewayTimeout, option, notStarted, true},
		"timeout":                  {world.APITimeout, option, cannotSwitchOn + lastSeenOff + patched + "no answer from {host}: no complete answer within 5s: context deadline exceeded" + unwell, false},
		"slow body":                {world.APISlowBody, read, cannotSwitchOn + listed + "no answer from {host}: no complete answer within 5s: context deadline exceeded" + unwell, false},
		"cut body":                 {world.APICutBody, read, cannotSwitchOn + listed + "no answer from {host}: stream error: stream ID {n}; INTERNAL_ERROR; received from peer" + unreached, false},
		"cut body of the option":   {world.APICutBody, option, notStarted, true},
		"invalid JSON":             {world.APIGarbage, read, cannotFind + listed + "the answer does not keep to the contract: broken JSON: invalid character '}' looking for beginning of value" + wantsMending, false},
		"invalid JSON, taken":      {world.APIGarbage, reset, cannotReset + " Timago shows a reset under way all the same." + sent + "the answer does not keep to the contract: broken JSON: invalid character '}' looking for beginning of value" + wantsMending, true},
		"missing required field":   {world.APIMissingField, read, cannotFind + listed + "the answer does not keep to the contract: $.items[0].online: the field is missing" + wantsMending, false},
		"lost answer to the patch": {world.APILostAnswer, option, notStarted, true},
		"lost answer to the reset": {world.APILostAnswer, reset, notStarted, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := takePart(t, acctest.Room(1, without))
			settings := []string{"max_retries = 1"}
			if tt.fault == world.APITimeout || tt.fault == world.APISlowBody {
				settings = append(settings, `request_timeout = "5s"`)
			}
			p.Write("main.tf", p.APIProvider(settings...)+stations(p.World.Names()))
			word := tt.call[strings.LastIndex(tt.call, " ")+1:] // of the reset its command, else method and path
			if word != "reset_image" {
				word = tt.call
			}
			p.Inject(world.Fault{Name: tt.fault, Of: word})
			outcome, said := p.Diagnostics("apply", "-auto-approve")
			p.Met(tt.fault, tt.call)
			// A plan that cannot look the station up warns, in itself and within the apply.
			said = slices.DeleteFunc(said, func(d acctest.Diagnostic) bool {
				return tt.call == read && d.Summary == "Unable to find stations in Timago" && d.Severity == "warning"
			})
			if len(said) != 1 || p.comparable(said[0]) != tt.says {
				t.Errorf("it says\n%q\nwant\n%q", said, tt.says)
				for _, s := range said {
					t.Log(p.comparable(s))
				}
			}
			failed := strings.HasPrefix(tt.says, "error")
			if (outcome.Exit != 0) != failed || (p.Values(firstPart) == nil) != failed {
				t.Errorf("exit %d with %v in the state", outcome.Exit, p.Values(firstPart))
			}
			if got := p.World.Listings()[0].Systems[0].Option; got != tt.on {
				t.Errorf("the option is on: %t, want %t", got, tt.on)
			}
			if failed {
				return
			}
			p.shows(map[string]any{"effective": false, "enabled": true})
			p.World.Heal(tt.fault)
			p.apply()
			p.started()
			p.Plan(0)
			if p.Images(first) != 1 {
				t.Errorf("%d images were made, want 1", p.Images(first))
			}
		})
	}
}
