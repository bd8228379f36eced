package charts

// Options are what the engine was started with; zero sizes are the defaults.
type Options struct {
	// Folder keeps charts, indexes and documents over a restart; empty: memory
	// alone.
	Folder string
	// Size is how many bytes the folder may take.
	Size int64
	// LargestIndex and LargestChart are in bytes, as they are served.
	LargestIndex int64
	LargestChart int64
	// Plugins is a folder of Helm plugins, of which the downloaders are used.
	Plugins string
	// RefuseLocal refuses addresses of this very machine.
	RefuseLocal bool
}

// What counts where nothing is said.
const (
	DefaultSize         = 2 << 30
	DefaultLargestIndex = 100 << 20
	DefaultLargestChart = 20 << 20
)

func (o Options) withDefaults() Options {
	if o.Size <= 0 {
		o.Size = DefaultSize
	}
	if o.LargestIndex <= 0 {
		o.LargestIndex = DefaultLargestIndex
	}
	if o.LargestChart <= 0 {
		o.LargestChart = DefaultLargestChart
	}
	return o
}
