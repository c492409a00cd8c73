package site

import "context"

// Reimaging is a Hosted whose stations come to a new client machine id by a new image: what
// is a restart to a cycle is made by Timago. API mode only.
type Reimaging struct{ Waking }

// Reimaging gives the view that makes new images.
func (h Hosted) Reimaging() Reimaging { return Reimaging{h.Waking("", nil)} }

// Restart lets Timago make the station's image anew, which starts it.
func (r Reimaging) Restart(ctx context.Context, name string, force bool) error {
	station, err := r.FindFresh(ctx, name)
	if err != nil {
		return named("station", name, err)
	}
	_, err = r.ResetImage(ctx, station, "", force)
	return named("station", name, err)
}
