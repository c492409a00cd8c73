package check

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// reach are the assumptions about the way to a machine, up to what the account may do there.
func reach() []probe {
	return []probe{
		{name: "Name", expected: "leads to an address", ask: resolves, needed: true},
		{name: "Port", expected: "WinRM listens", ask: listens, needed: true},
		{name: "TLS", expected: "a trusted certificate, where TLS is used", ask: trusted, needed: true},
		{name: "Service", expected: "answers as WS-Management in time", ask: answers, needed: true},
		{name: "Logon", expected: "accepted, and messages are protected", ask: accepted, needed: true},
		{name: "Rights", expected: "the account may read", ask: permitted, needed: true},
		{name: "Quotas", expected: "leave room for requests", ask: roomy, needed: true},
	}
}

func resolves(ctx context.Context, m *machine) finding {
	found, err := m.network.Resolve(ctx, m.host)
	var trouble *net.DNSError
	switch {
	case kms.IsAddress(m.host) && err == nil:
		f := holds("an address, no name")
		if m.account.Auth == winrm.AuthKerberos {
			return f.but(Notable, "Kerberos knows machines by name: ask it under its full name.")
		}
		return f
	case errors.As(err, &trouble) && trouble.IsNotFound:
		return finding{Blocks, m.host + " is not known here",
			"See that the name is right and complete: TIMAGO_WINRM_DOMAIN_SUFFIX is appended to names without a dot."}
	case err != nil:
		return failed(Unanswered, err, "The resolver did not answer.")
	case len(found) == 0:
		return finding{Blocks, m.host + " has no address", "See that its record in DNS is complete."}
	}
	return holds("%s is %s", m.host, found[0])
}

// target is where WinRM is.
func (m *machine) target() (host string, port int) {
	host, text, _ := net.SplitHostPort(m.wire.full(m.address))
	port, _ = strconv.Atoi(text)
	return host, port
}

func listens(ctx context.Context, m *machine) finding {
	host, port := m.target()
	f, open := m.connect(ctx, host, port)
	if !open {
		return f.but(Unanswered, f.Means+", or WinRM is: winrm quickconfig switches it on.")
	}
	return f
}

// connect opens a connection and closes it, and says what stands in the way.
func (m *machine) connect(ctx context.Context, host string, port int) (f finding, open bool) {
	start := time.Now()
	err := m.network.Connect(ctx, host, port)
	var network net.Error
	switch {
	case err == nil:
		return holds("%d is open, %s", port, took(time.Since(start))), true
	case errors.As(err, &network) && network.Timeout():
		return finding{Unanswered, fmt.Sprintf("%d does not answer", port), "The machine is off, a firewall between lets nothing through"}, false
	}
	return finding{Unanswered, fmt.Sprintf("%d is closed", port), "The machine is off or starting"}, false
}

// first is the answer to the first question, which shows how far a request comes.
func (m *machine) first(ctx context.Context) *answer {
	if m.isHost {
		return m.question(ctx, windows.HostQuestions()[0])
	}
	return m.question(ctx, windows.StationQuestions()[0])
}

// question asks one query, once.
func (m *machine) question(ctx context.Context, wql string) *answer {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	var options []winrm.Option
	if m.isHost {
		options = append(options, winrm.NotProof())
	}
	return m.wire.ask(ctx, m.address, wql, options...)
}

func trusted(ctx context.Context, m *machine) finding {
	if !m.account.UseTLS {
		f := holds("not used")
		if m.account.Auth == winrm.AuthBasic {
			return f.but(Notable, "The password crosses the network in clear: use TLS, or NTLM.")
		}
		return f
	}
	certificate, _ := m.certificate(ctx)
	var unreachable *winrm.Unreachable
	if err := m.first(ctx).err; errors.As(err, &unreachable) && unreachable.Kind == winrm.KindTLS {
		if _, plain := errors.AsType[tls.RecordHeaderError](err); plain {
			_, port := m.target()
			return finding{Blocks, fmt.Sprintf("%d speaks no TLS", port),
				"WinRM speaks TLS at 5986, once it has a certificate there. Or leave TIMAGO_WINRM_USE_TLS out: NTLM and Kerberos seal what they send over 5985."}
		}
		return finding{Blocks, foreign.Text(unreachable.Err.Error()), certificate + ". Give the certificate of the authority that signed it in TIMAGO_WINRM_CA_CERTIFICATE, and name the machine as its certificate does. " +
			"A pool can also take its fingerprint (certificate_fingerprints)."}
	}
	if m.account.InsecureSkipVerify {
		return holds("%s", certificate).but(Notable, "Nobody verifies it: insecure_skip_verify is set.")
	}
	if err := m.first(ctx).err; beforeTrust(err) {
		return failed(Unanswered, err, "It was not seen whether its certificate is trusted: try again.")
	}
	return holds("trusted: %s", certificate)
}

// beforeTrust reports whether a request ended before the certificate was verified, as far as its
// error shows.
func beforeTrust(err error) bool {
	unreachable, is := errors.AsType[*winrm.Unreachable](err)
	interrupted, ended := errors.AsType[*winrm.Interrupted](err)
	_, short := errors.AsType[*winrm.Shortage](err)
	return short || ended && !interrupted.Sent || is && !unreachable.Sent && unreachable.Kind != winrm.KindUnsealed
}

// certificate describes what the machine shows; false where it shows none. Nothing is sent to it
// but the greeting of TLS.
func (m *machine) certificate(ctx context.Context) (shown string, found bool) {
	host, port := m.target()
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: lookupLimit}, Config: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // it is only looked at
		MinVersion:         tls.VersionTLS12,
	}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return "no certificate came: " + foreign.Text(err.Error()), false
	}
	defer conn.Close()
	secure, _ := conn.(*tls.Conn)
	if secure == nil || len(secure.ConnectionState().PeerCertificates) == 0 {
		return "no certificate came", false
	}
	return describe(secure.ConnectionState().PeerCertificates[0]), true
}

func describe(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return fmt.Sprintf("a certificate for %s by %s until %s, SHA-256 %X", foreign.Text(strings.Join(names, " ")),
		foreign.Text(c.Issuer.CommonName), c.NotAfter.Format(time.DateOnly), sha256.Sum256(c.Raw))
}

func (m *machine) speaksTLS(ctx context.Context) bool {
	_, speaks := m.certificate(ctx)
	return speaks
}

func answers(ctx context.Context, m *machine) finding {
	a := m.first(ctx)
	var unreachable *winrm.Unreachable
	var protocol *winrm.Protocol
	switch {
	case errors.As(a.err, &unreachable) && unreachable.Kind == winrm.KindUnsealed:
		return holds("answers, %s", took(a.took)) // of whom, is the logon's line
	case !m.account.UseTLS && (unreachable != nil || errors.As(a.err, &protocol)) && m.speaksTLS(ctx):
		_, port := m.target()
		return finding{Blocks, fmt.Sprintf("%d speaks TLS", port), "Set TIMAGO_WINRM_USE_TLS=true, or name the port without TLS: WinRM's is 5985."}
	case errors.As(a.err, &unreachable):
		return finding{Unanswered, foreign.Text(unreachable.Error()), "The machine starts, goes down, or something between breaks the connection: try again, then look at the service WinRM there."}
	case errors.As(a.err, &protocol):
		return finding{Blocks, foreign.Text(protocol.Error()), "Something else answers at this port, such as a proxy: see what listens there (winrm enumerate winrm/config/listener)."}
	}
	f := holds("answers, %s", took(a.took))
	if a.err == nil && a.took > slow {
		return f.but(Notable, "This is slow for one short answer: raise TIMAGO_WINRM_TIMEOUT, and cycle.station_timeout of the pool.")
	}
	return f
}

// slow is more than one short answer takes on a machine and a network that are well.
const slow = 3 * time.Second

func accepted(ctx context.Context, m *machine) finding {
	err := m.first(ctx).err
	var rejected *winrm.AuthRejected
	var kerberos *winrm.KerberosFailed
	var unreachable *winrm.Unreachable
	switch {
	case errors.As(err, &rejected):
		return m.rejection(rejected)
	case errors.As(err, &unreachable) && unreachable.Kind == winrm.KindUnsealed:
		return m.hostMay(failed(Blocks, unreachable, "The account was accepted, and what came then was not sealed with it: see what stands between, such as a proxy."))
	case errors.As(err, &kerberos):
		return m.hostMay(failed(Blocks, err, ""))
	}
	return holds("%s", strength(m.account))
}

func (m *machine) rejection(rejected *winrm.AuthRejected) finding {
	if rejected.KDC == nil && !strings.EqualFold(rejected.Host, m.host) {
		return finding{Unanswered, "not tried: " + foreign.Line(rejected.Host) + " refused the account", "No second failed logon is made."}
	}
	f := finding{Blocks, "refused the account: one failed logon", rejected.Advice()}
	switch {
	case rejected.KDC != nil:
		f.Found = foreign.Text(rejected.Error())
	case rejected.NotOffered:
		f.Found = "takes no " + strings.ToUpper(string(rejected.Auth)) + ", it offers " + strings.Join(rejected.Offered, ", ")
	}
	return m.hostMay(f)
}

// hostMay is what a refusal of the KMS host means: a pool does without it.
func (m *machine) hostMay(f finding) finding {
	if !m.isHost {
		return f
	}
	m.refused = true
	return f.but(Notable, `With kms.count_source = "auto" the counts are those in the answers that stations got. Or give the host's own account in kms.winrm.`)
}

// strength is what protects the messages of a logon that succeeded; nothing weaker is taken.
func strength(account winrm.Config) string {
	way := map[winrm.Auth]string{winrm.AuthBasic: "Basic", winrm.AuthKerberos: "Kerberos"}[account.Auth]
	if way == "" {
		way = "NTLMv2"
	}
	switch {
	case account.UseTLS && account.Auth == winrm.AuthBasic:
		return way + " inside TLS"
	case account.UseTLS:
		return way + ", bound to the TLS channel"
	case account.Auth == winrm.AuthBasic:
		return way + ", nothing is protected"
	case account.Auth == winrm.AuthKerberos:
		return way + ", both sides proved, every message sealed (AES)"
	}
	return way + ", every message sealed with 128 bits"
}

func permitted(ctx context.Context, m *machine) finding {
	if err := m.first(ctx).err; winrm.IsAccessDenied(err) {
		return m.hostMay(failed(Blocks, err, ""))
	}
	return holds("it may")
}

func roomy(ctx context.Context, m *machine) finding {
	if quota, full := errors.AsType[*winrm.Quota](m.first(ctx).err); full {
		return failed(Blocks, quota, "Others use up the quotas: see winrm get winrm/config/winrs and winrm/config/service, MaxConcurrentOperationsPerUser and MaxShellsPerUser.")
	}
	return holds("they do")
}

// took is a duration as it is shown.
func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
