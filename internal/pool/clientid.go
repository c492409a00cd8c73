package pool

import "github.com/timago/terraform-provider-timago/internal/kms"

// ClientIDs names the members by the client machine id that Windows has on them, of those
// that answered and can be counted; several under one id count as one. Office has an id of
// its own, which a station's state does not show.
func (a Assessment) ClientIDs(members []Member) map[kms.CMID][]string {
	ids := map[kms.CMID][]string{}
	for _, m := range members {
		if cmid := m.Station.CMID; m.Err == nil && cmid != "" && a.NeverCounts[m.Name] == "" {
			ids[cmid] = append(ids[cmid], m.Name)
		}
	}
	return ids
}
