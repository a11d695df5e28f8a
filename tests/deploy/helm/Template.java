import com.marcnuri.helm.Helm;
import java.nio.file.Path;
import java.util.Arrays;

/** Prints what a chart makes: chart, Kubernetes version, then name=value for each value. */
public class Template {
    public static void main(String[] given) {
        var template = new Helm(Path.of(given[0])).template().withName("test").withKubeVersion(given[1]);
        for (String one : Arrays.asList(given).subList(2, given.length)) {
            String[] pair = one.split("=", 2);
            template.set(pair[0], pair[1]);
        }
        System.out.print(template.call());
    }
}
