/* How numbers get from the coordinator to a caller, and why none gets there twice. See README.md. */

#include "world.pml"
#include "properties.pml"
#include "network.pml"
#include "coordinator.pml"
#include "ids.pml"
#include "guard.pml"
#include "node.pml"
#include "faults.pml"
