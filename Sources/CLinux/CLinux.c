// SwiftPM wants a source file in every C target; everything of this one is in the header.
#include "CLinux.h"
