/* A stand-in for NVIDIA's management library: what it says is read, at every call, from the file FAKE_NVML_STATE.
 *
 * One line a device: NAME TOTAL USED UTILISATION MILLIWATTS CELSIUS PID BYTES [PID BYTES ...]
 * energy=MILLIJOULES anywhere on it gives the device an energy counter.
 * A dash says that the driver does not tell. A file that is missing makes every call fail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK 0
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7
#define DRIVER_NOT_LOADED 9
#define MOST_DEVICES 16
#define MOST_PROCESSES 16

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned int gpu, memory; } Utilisation;
typedef struct { unsigned int pid; unsigned long long bytes; unsigned int gpu, compute; } Process;
typedef struct {
    char name[64], total[32], used[32], utilisation[32], power[32], temperature[32], energy[32];
    Process processes[MOST_PROCESSES];
    unsigned int process_count;
} Device;

static Device devices[MOST_DEVICES];

static int read_state(void) {
    const char *path = getenv("FAKE_NVML_STATE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return -1;
    char line[4096];
    int count = 0;
    memset(devices, 0, sizeof devices);
    while (count < MOST_DEVICES && fgets(line, sizeof line, file)) {
        Device *d = &devices[count];
        int used = 0, more = 0;
        char *token = strstr(line, "energy=");
        if (token) {
            sscanf(token, "energy=%31s", d->energy);
            while (*token && *token != ' ' && *token != '\n') *token++ = ' ';
        }
        if (sscanf(line, "%63s %31s %31s %31s %31s %31s%n", d->name, d->total, d->used, d->utilisation, d->power,
                   d->temperature, &used) < 6) continue;
        Process *p = d->processes;
        while (d->process_count < MOST_PROCESSES && sscanf(line + used, "%u %llu%n", &p->pid, &p->bytes, &more) == 2) {
            used += more; p++; d->process_count++;
        }
        count++;
    }
    fclose(file);
    return count;
}

static Device *find(void *handle) {
    long index = (long)handle - 1;
    int count = read_state();
    return index >= 0 && index < count ? &devices[index] : NULL;
}

static int number(const char *text, unsigned long long *value) {
    if (!text[0] || text[0] == '-') return NOT_SUPPORTED;
    *value = strtoull(text, NULL, 10);
    return OK;
}

int nvmlInitWithFlags(unsigned int flags) { (void)flags; return read_state() < 0 ? DRIVER_NOT_LOADED : OK; }
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int code) { (void)code; return "a made-up error"; }

int nvmlDeviceGetCount_v2(unsigned int *count) {
    int found = read_state();
    if (found < 0) return DRIVER_NOT_LOADED;
    *count = (unsigned int)found;
    return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **handle) {
    *handle = (void *)(long)(index + 1);
    return find(*handle) ? OK : INVALID_ARGUMENT;
}

int nvmlDeviceGetName(void *handle, char *name, unsigned int length) {
    Device *d = find(handle);
    if (!d) return INVALID_ARGUMENT;
    snprintf(name, length, "%s", d->name);
    return OK;
}

int nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
    Device *d = find(handle);
    if (!d || number(d->total, &memory->total) || number(d->used, &memory->used)) return NOT_SUPPORTED;
    memory->free = memory->total - memory->used;
    return OK;
}

int nvmlDeviceGetUtilizationRates(void *handle, Utilisation *use) {
    Device *d = find(handle);
    unsigned long long value;
    if (!d || number(d->utilisation, &value)) return NOT_SUPPORTED;
    use->gpu = (unsigned int)value;
    use->memory = 0;
    return OK;
}

int nvmlDeviceGetPowerUsage(void *handle, unsigned int *milliwatts) {
    Device *d = find(handle);
    unsigned long long value;
    if (!d || number(d->power, &value)) return NOT_SUPPORTED;
    *milliwatts = (unsigned int)value;
    return OK;
}

int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *millijoules) {
    Device *d = find(handle);
    return !d || number(d->energy, millijoules) ? NOT_SUPPORTED : OK;
}

int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned int *celsius) {
    Device *d = find(handle);
    unsigned long long value;
    (void)sensor;
    if (!d || number(d->temperature, &value)) return NOT_SUPPORTED;
    *celsius = (unsigned int)value;
    return OK;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    Device *d = find(handle);
    if (!d) return NOT_SUPPORTED;
    if (*count < d->process_count || (!processes && d->process_count)) {
        *count = d->process_count;
        return INSUFFICIENT_SIZE;
    }
    if (processes) memcpy(processes, d->processes, d->process_count * sizeof(Process));
    *count = d->process_count;
    return OK;
}
