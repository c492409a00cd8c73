package world

import (
	"maps"
	"slices"
)

// FaultName names something that goes wrong.
type FaultName string

// Faults of a station's start; an occasion is one start.
const (
	NeverComesBack FaultName = "never-comes-back" // until it is switched off and on by hand
	SlowBoot       FaultName = "slow-boot"        // longer by By
	SameCMID       FaultName = "same-cmid"        // the client machine id stays
	UserAfterStart FaultName = "user-after-start" // somebody logs on when it is ready
	ImageFails     FaultName = "image-fails"      // no new image is made, so the old one starts
	NetlogonHangs  FaultName = "netlogon-hangs"   // every account is refused, longer by By; 0: until the next start
	NoServices     FaultName = "no-services"      // licensing does not answer, longer by By; 0: until the next start
)

// Faults of commands; an occasion is one command.
const (
	UserBeforeRestart FaultName = "user-before-restart" // logs on in the last moment
	RestartFails      FaultName = "restart-fails"       // a command to go down is refused with Code: 1271, a locked machine, unless forced
)

// Faults of activation; an occasion is one request of one product, by itself or on
// Activate, or one call of Activate.
const (
	RequestFails    FaultName = "request-fails"    // it does not reach the KMS host, as Code says: 0xC004F074
	RequestRefused  FaultName = "request-refused"  // the KMS host refuses with Code: 0xC004F042
	ActivateFails   FaultName = "activate-fails"   // Activate fails with Code before anything is asked: 0x8007000D
	ActivateIgnored FaultName = "activate-ignored" // Activate succeeds, and nothing is asked
	SlowActivate    FaultName = "slow-activate"    // Activate takes By
)

// Faults at a moment, from After for the time For.
const (
	PowerCut   FaultName = "power-cut"    // off at once; on again at the end of For
	ClockSkew  FaultName = "clock-skew"   // the clock jumps ahead by By
	UserLogsOn FaultName = "user-logs-on" // and off at the end of For
	KMSAway    FaultName = "kms-away"     // the host's key management service answers nobody, its port is closed
	CountFalls FaultName = "count-falls"  // the oldest Number leave the count; 0: all
	Refuses    FaultName = "refuses"      // WinRM's port is closed
	LogLost    FaultName = "log-lost"     // the KMS host's log loses its oldest Number records; 0: all

	ShutdownScheduled FaultName = "shutdown-scheduled" // somebody else's, for By later: 5 hours; taken back at the end of For
	RestartScheduled  FaultName = "restart-scheduled"  // the same, and it starts again

	OptionChanged  FaultName = "option-changed"  // another actor turns "KMS-Aktivierung" over, and back at the end of For
	StationDeleted FaultName = "station-deleted" // in Timago; entered again at the end of For
	RoomRenamed    FaultName = "room-renamed"    // in Timago, to To; back at the end of For
)

// Faults of connections; an occasion is one request to the machine.
const (
	HalfOpen     FaultName = "half-open"     // accepted and never answered
	Unauthorized FaultName = "unauthorized"  // 401 though the password is right
	Quota        FaultName = "quota"         // too many shells or operations
	Drops        FaultName = "drops"         // carried out, then the connection breaks
	EmptyBody    FaultName = "empty-body"    // carried out, then 200 and nothing
	TruncatedXML FaultName = "truncated-xml" // carried out, then half an answer
	Garbage      FaultName = "garbage"       // carried out, then something that is no SOAP
	Unavailable  FaultName = "unavailable"   // 503
	Denied       FaultName = "denied"        // the account may log on, and read or do nothing
	SlowAnswer   FaultName = "slow-answer"   // the answer takes By

	ProviderFails FaultName = "provider-fails" // WMI cannot load what answers for the class, which Of names
)

// FaultNames lists every fault, sorted.
func FaultNames() []FaultName { return slices.Sorted(maps.Keys(occasions)) }

// occasion says when a fault can act.
type occasion uint8

const (
	atStart occasion = iota + 1
	atCommand
	atActivation
	atMoment
	atRequest
	atInterface
)

var occasions = map[FaultName]occasion{
	NeverComesBack: atStart, SlowBoot: atStart, SameCMID: atStart, UserAfterStart: atStart, ImageFails: atStart,
	NetlogonHangs: atStart, NoServices: atStart,
	UserBeforeRestart: atCommand, RestartFails: atCommand,
	RequestFails: atActivation, RequestRefused: atActivation, ActivateFails: atActivation, ActivateIgnored: atActivation, SlowActivate: atActivation,
	LogLost: atMoment, ShutdownScheduled: atMoment, RestartScheduled: atMoment,
	Denied: atRequest, SlowAnswer: atRequest,
	PowerCut: atMoment, ClockSkew: atMoment, UserLogsOn: atMoment, KMSAway: atMoment, CountFalls: atMoment,
	Refuses: atMoment, OptionChanged: atMoment, StationDeleted: atMoment, RoomRenamed: atMoment,
	HalfOpen: atRequest, Unauthorized: atRequest, Quota: atRequest, Drops: atRequest,
	ProviderFails: atRequest, EmptyBody: atRequest, TruncatedXML: atRequest, Garbage: atRequest, Unavailable: atRequest,
	APIUnauthorized: atInterface, APIForbidden: atInterface, APIProxyNotFound: atInterface, APIConflict: atInterface,
	APIInvalidValue: atInterface, APIRateLimited: atInterface, APIInternalError: atInterface, APIBadGateway: atInterface,
	APIUnavailable: atInterface, APIGatewayTimeout: atInterface, APITimeout: atInterface, APIStaleETag: atInterface,
	APISlowBody: atInterface, APICutBody: atInterface, APIGarbage: atInterface, APIMissingField: atInterface,
	APILostAnswer: atInterface,
}
