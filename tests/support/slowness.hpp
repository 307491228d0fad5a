// How busy this machine is with other things. The limits of the cases themselves don't depend on it,
// only how long the harness waits before it calls a server silent.
#pragma once

// How many times as long as usual a good server may take, from 1 to 3, because other programs wait
// for a processor as well.
double slowness();
