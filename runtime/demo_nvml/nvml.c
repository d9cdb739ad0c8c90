/* A stand-in for NVIDIA's management library: what it says is read, at every call, from the file FAKE_NVML_STATE.
 *
 * One line a device: NAME TOTAL USED UTILISATION MILLIWATTS CELSIUS [OPTION or PID BYTES ...]
 *   energy=MILLIJOULES              what the energy counter says; without it there is no counter
 *   energy=MILLIJOULES+MILLIWATTS   the same, growing from the file's time of change on
 *   !CODE                           every question about this device fails with this error, such as 15: it is lost
 * A dash says that the driver does not tell (error 3). A file that is missing makes every call fail.
 *
 * A line "@ SECONDS" begins a frame: the lines after it hold from so long after the file's time of change on, in place
 * of those before. A last line "@ SECONDS again" starts over from there. So a file moves by itself. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define OK 0
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7
#define DRIVER_NOT_LOADED 9
#define GPU_IS_LOST 15
#define MOST_DEVICES 16
#define MOST_PROCESSES 16

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned int gpu, memory; } Utilisation;
typedef struct { unsigned int pid; unsigned long long bytes; unsigned int gpu, compute; } Process;
typedef struct {
    char name[64], total[32], used[32], utilisation[32], power[32], temperature[32];
    int error, has_energy;
    double energy, energy_rate;
    Process processes[MOST_PROCESSES];
    unsigned int process_count;
} Device;

static Device devices[MOST_DEVICES];
static double age; /* seconds since the file was changed */

static void read_options(Device *d, const char *line) {
    char word[64];
    int length;
    while (sscanf(line, " %63s%n", word, &length) == 1) {
        Process *p = &d->processes[d->process_count];
        if (word[0] == '!') d->error = atoi(word + 1);
        else if (sscanf(word, "energy=%lf+%lf", &d->energy, &d->energy_rate) >= 1) d->has_energy = 1;
        else if (d->process_count < MOST_PROCESSES && sscanf(line, "%u %llu%n", &p->pid, &p->bytes, &length) == 2)
            d->process_count++;
        line += length;
    }
}

/* The time at which the frames start over, or 0. */
static double round_length(FILE *file) {
    char line[4096], again[8];
    double at, found = 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "@ %lf %7s", &at, again) == 2 && !strcmp(again, "again")) found = at;
    rewind(file);
    return found;
}

static int read_state(void) {
    const char *path = getenv("FAKE_NVML_STATE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return -1;
    struct stat status;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    fstat(fileno(file), &status);
    age = difftime(now.tv_sec, status.st_mtim.tv_sec) + 1e-9 * (now.tv_nsec - status.st_mtim.tv_nsec);
    double length = round_length(file), moment = age, at;
    if (length > 0 && age > 0) moment -= length * (long long)(age / length);
    char line[4096];
    int count = 0;
    memset(devices, 0, sizeof devices);
    while (count < MOST_DEVICES && fgets(line, sizeof line, file)) {
        if (sscanf(line, "@ %lf", &at) == 1) {
            if (at > moment) break;
            count = 0;
            memset(devices, 0, sizeof devices);
            continue;
        }
        Device *d = &devices[count];
        int used = 0;
        if (sscanf(line, "%63s %31s %31s %31s %31s %31s%n", d->name, d->total, d->used, d->utilisation, d->power,
                   d->temperature, &used) < 6) continue;
        read_options(d, line + used);
        count++;
    }
    fclose(file);
    return count;
}

/* The device behind a handle; one that the file does not tell of any more is lost. */
static int find(void *handle, Device **device) {
    long index = (long)handle - 1;
    int count = read_state();
    if (count < 0) return DRIVER_NOT_LOADED;
    if (index < 0 || index >= count) return GPU_IS_LOST;
    *device = &devices[index];
    return (*device)->error;
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
    int count = read_state();
    *handle = (void *)(long)(index + 1);
    if (count < 0) return DRIVER_NOT_LOADED;
    return index < (unsigned int)count ? devices[index].error : INVALID_ARGUMENT;
}

int nvmlDeviceGetName(void *handle, char *name, unsigned int length) {
    Device *d;
    int error = find(handle, &d);
    if (error) return error;
    snprintf(name, length, "%s", d->name);
    return OK;
}

int nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
    Device *d;
    int error = find(handle, &d);
    if (error) return error;
    if ((error = number(d->total, &memory->total)) || (error = number(d->used, &memory->used))) return error;
    memory->free = memory->total - memory->used;
    return OK;
}

int nvmlDeviceGetUtilizationRates(void *handle, Utilisation *use) {
    Device *d;
    unsigned long long value;
    int error = find(handle, &d);
    if (error || (error = number(d->utilisation, &value))) return error;
    use->gpu = (unsigned int)value;
    use->memory = 0;
    return OK;
}

static int small(void *handle, size_t field, unsigned int *answer) {
    Device *d;
    unsigned long long value;
    int error = find(handle, &d);
    if (error || (error = number((char *)d + field, &value))) return error;
    *answer = (unsigned int)value;
    return OK;
}

int nvmlDeviceGetPowerUsage(void *handle, unsigned int *milliwatts) {
    return small(handle, offsetof(Device, power), milliwatts);
}

int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned int *celsius) {
    (void)sensor;
    return small(handle, offsetof(Device, temperature), celsius);
}

int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *millijoules) {
    Device *d;
    int error = find(handle, &d);
    if (error) return error;
    if (!d->has_energy) return NOT_SUPPORTED;
    *millijoules = (unsigned long long)(d->energy + d->energy_rate * (age > 0 ? age : 0));
    return OK;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    Device *d;
    int error = find(handle, &d);
    if (error) return error;
    if (*count < d->process_count || (!processes && d->process_count)) {
        *count = d->process_count;
        return INSUFFICIENT_SIZE;
    }
    if (processes) memcpy(processes, d->processes, d->process_count * sizeof(Process));
    *count = d->process_count;
    return OK;
}
